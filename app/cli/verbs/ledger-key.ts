import { NoteError, readNoteKey } from '../../audit/note.ts'
import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { type Args, list } from '../verb.ts'

export const ledgerKey = {
  flags: '--key <key>',
  summary: "the instance's public key, or a file of them (GITSUDO_LEDGER_KEY); may be given again",
  repeat: true,
} as const

/** Keys as they are written, or files of them, a line each. */
export async function keysOf(deps: CliDeps, args: Args): Promise<readonly string[] | undefined> {
  const named = list(args, 'key')
  const given = named.length > 0 ? named : [deps.env.GITSUDO_LEDGER_KEY ?? ''].filter((one) => one !== '')
  const keys: string[] = []
  for (const one of given) {
    const lines = /^[^\s+]+\+[0-9a-f]{8}\+/.test(one) ? one : await deps.readText(one)
    for (const line of lines.split('\n').filter((each) => each.trim() !== '')) {
      try {
        keys.push(readNoteKey(line).text)
      } catch (cause) {
        if (!(cause instanceof NoteError)) throw cause
        throw new Failure('usage', `${one}: ${cause.message}`, 'a key is <name>+<id>+<base64>', { cause })
      }
    }
  }
  return keys.length === 0 ? undefined : keys
}
