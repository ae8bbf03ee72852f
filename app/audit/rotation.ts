import { NoteError, type NoteKey, openNote, readNoteKey, signNote } from './note.ts'

/** What a rotation note says: from now on this key signs for the instance, too. */
export type Rotation = { readonly origin: string; readonly key: NoteKey }

/** The rotation note's text: the old key and the new one sign it. */
export function rotationText({ origin, key }: Rotation): string {
  return `${first}\n${origin}\n${key.text}\n`
}

/** @throws NoteError for what is not exactly as `rotationText` writes it */
export function readRotation(text: string): Rotation {
  const [head, origin, key, rest, ...more] = text.split('\n')
  if (head !== first || !origin || key === undefined || rest !== '' || more.length > 0)
    throw new NoteError(`A rotation is three lines: ${first}, origin and the new public key.`)
  const rotation = { origin, key: readNoteKey(key) }
  if (rotationText(rotation) !== text || rotation.key.name !== origin)
    throw new NoteError('The rotation is not written the one way it can be.')
  return rotation
}

type Signer = Parameters<typeof signNote>[1][number]

/** The note by which `from` hands on to `to`. Both keys bear the instance's name. */
export const rotationNote = (from: Signer, to: Signer): string =>
  signNote(rotationText({ origin: to.key.name, key: to.key }), [from, to])

/**
 * The given keys and every key that a rotation leads to from one of them, over any number of rotations in any order.
 * A rotation counts if a trusted key of the same instance and the new key itself have signed it; what does not hold
 * makes no key trusted.
 */
export function trustedKeys(given: readonly NoteKey[], rotationNotes: readonly string[]): readonly NoteKey[] {
  const trusted = [...given]
  let open = rotationNotes
  for (;;) {
    const left = open.filter((note) => {
      const key = introduced(note, trusted)
      if (key !== undefined && !trusted.some(({ text }) => text === key.text)) trusted.push(key)
      return key === undefined
    })
    if (left.length === open.length) return trusted
    open = left
  }
}

/** The key that a note introduces on the word of one of `trusted`, if it does. */
function introduced(note: string, trusted: readonly NoteKey[]): NoteKey | undefined {
  try {
    const { origin, key } = readRotation(openNote(note, []).text)
    const { signedBy } = openNote(note, [...trusted.filter(({ name }) => name === origin), key])
    const byItself = signedBy.some(({ text }) => text === key.text)
    const byOther = signedBy.some(({ text }) => text !== key.text)
    return byItself && byOther ? key : undefined
  } catch (error) {
    if (error instanceof NoteError) return undefined
    throw error
  }
}

const first = 'gitsudo key rotation v1'
