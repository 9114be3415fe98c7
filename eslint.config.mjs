import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// Its declarations are written by hand, and a project takes them in its place.
const PROJECTS = { allowDefaultProject: ['packages/torch/setup/locate.mjs'] };
const NO_RANDOM = {
  selector: 'MemberExpression[object.name="Math"][property.name="random"]',
  message: 'Randomness is an argument: take a generator or a seed stream.',
};
const NO_DEFAULT = {
  selector: 'ExportDefaultDeclaration',
  message: 'Exports have names.',
};

export default defineConfig(
  { ignores: ['**/node_modules/', '**/dist/', 'coverage/', 'packages/torch/src/generated/', 'runs/', 'muster-*/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: PROJECTS, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 600 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', NO_RANDOM, NO_DEFAULT],
      'no-shadow-restricted-names': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    files: [
      '**/cli/**',
      'scripts/**',
      'bench/**',
      'parity/**',
      'packages/torch/codegen/**',
      'packages/torch/examples/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // Tools read their configuration as the default export.
    files: ['*.config.mjs', '*.config.ts', '.dependency-cruiser.mjs'],
    rules: { 'no-restricted-syntax': ['error', NO_RANDOM] },
  },
  {
    // Tests hand in what types forbid, and read what others wrote.
    files: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Plain JavaScript typed by comments: what JSON.parse and require give has no type there.
    files: ['**/*.mjs', '**/*.js'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
