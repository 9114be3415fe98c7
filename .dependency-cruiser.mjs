import { forbiddenImports } from './scripts/import-rules.mjs';

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: forbiddenImports(),
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['muster-source', 'import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};

export default configuration;
