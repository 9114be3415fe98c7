export declare const schemas: readonly string[];
