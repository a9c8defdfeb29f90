import { createRequire } from 'node:module';
import { z } from 'zod';

/** The errors that Microsoft's language service finds in a query, and the columns of its result. */
export interface KustoAnalysis {
  readonly faults: readonly string[];
  readonly columns: readonly string[];
}

/**
 * Analyses a query against tables (name → schema): syntax, and every table, column and function that it names. The same library gives the
 * portal's editor its red underlines. It consists of scripts that add themselves to `globalThis`, with types that are nullable throughout,
 * so the little that is used is described here.
 */
export function analyseKusto(query: string, tables: { readonly [table: string]: string }): KustoAnalysis {
  const { Symbols, GlobalState, KustoCode } = language();
  const symbols = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, ''));
  const database = new Symbols.DatabaseSymbol.$ctor3('component', null, symbols, false);
  const code = KustoCode.ParseAndAnalyze(query, GlobalState.Default.WithDatabase(database));
  return {
    faults: listed(code.GetDiagnostics(), z.object({ Message: z.string() })).map(({ Message }) => Message),
    columns: listed(code.ResultType?.Columns, z.object({ Name: z.string() })).map(({ Name }) => Name),
  };
}

interface Language {
  readonly Symbols: {
    readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string, description: string) => object };
    readonly DatabaseSymbol: {
      readonly $ctor3: new (name: string, other: null, members: readonly object[], isOpen: boolean) => object;
    };
  };
  readonly GlobalState: { readonly Default: { WithDatabase(database: object): object } };
  readonly KustoCode: { ParseAndAnalyze(query: string, globals: object): Analysed };
}

interface Analysed {
  readonly ResultType?: { readonly Columns?: List } | null;
  GetDiagnostics(): List;
}

/** A .NET list, as the compiler that made the library translates it. */
interface List {
  readonly Count: number;
  getItem(index: number): unknown;
}

function listed<T>(list: List | undefined, item: z.ZodType<T>): readonly T[] {
  return Array.from({ length: list?.Count ?? 0 }, (_, index) => item.parse(list?.getItem(index)));
}

let loaded: Language | undefined;

function language(): Language {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url);
    require('@kusto/language-service-next/bridge.min.js');
    require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
    loaded = kustoGlobal.parse(globalThis).Kusto.Language;
  }
  return loaded;
}

const kustoGlobal = z.object({ Kusto: z.object({ Language: z.custom<Language>((value) => value instanceof Object) }) });
