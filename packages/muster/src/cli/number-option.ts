import { Option } from 'commander';

/** An option whose text becomes a number where it is one; what it may be is the schema's affair. */
export function numberOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) =>
    /^-?\d+(\.\d+)?$/u.test(text) ? Number(text) : text,
  );
}
