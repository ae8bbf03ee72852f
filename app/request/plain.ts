import type { Fault } from './fault.ts'

/** The mode of a plain file in Git's trees. */
export const plainMode = '100644'

/** What is to be said of a request that is a link, a submodule or a program (trust.md 6.11): its bytes are not read. */
export const notPlain = (
  file: string,
  mode: string,
): { readonly ok: false; readonly faults: readonly Fault[] } => ({
  ok: false,
  faults: [
    {
      ...{ file, line: 1, column: 1, code: 'path', message: `has mode ${mode}, not ${plainMode}` },
      remedy: 'add it as a plain, not executable file',
    },
  ],
})
