import type { KeyObject } from 'node:crypto'
import { NoteError, type NoteKey, openNote, readNoteKey, signNote } from './note.ts'

/** A rotation's first line. */
export const rotationMark = 'gitsudo key rotation v1'

/** What a rotation note says: from now on this key signs for the instance, too. */
export type Rotation = { readonly origin: string; readonly key: NoteKey }

/** The rotation note's text: the old key and the new one sign it. */
export function rotationText({ origin, key }: Rotation): string {
  return `${rotationMark}\n${origin}\n${key.text}\n`
}

/** @throws NoteError for what is not exactly as `rotationText` writes it */
export function readRotation(text: string): Rotation {
  const [head, origin, key, rest, ...more] = text.split('\n')
  if (head !== rotationMark || !origin || key === undefined || rest !== '' || more.length > 0)
    throw new NoteError(`A rotation is three lines: ${rotationMark}, origin and the new public key.`)
  const rotation = { origin, key: readNoteKey(key) }
  if (rotationText(rotation) !== text || rotation.key.name !== origin)
    throw new NoteError('The rotation is not written the one way it can be.')
  return rotation
}

export type Signer = { readonly key: NoteKey; readonly privateKey: KeyObject }

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

/**
 * Of stored notes, in their order, those that lead to one of these keys or on from one, over any number of rotations: the
 * first for each key that the key itself has signed. Nobody without that key can have stored one before.
 */
export function linkedRotations(
  keys: readonly NoteKey[],
  rotationNotes: readonly string[],
): readonly string[] {
  const firsts = introductions(
    keys.map(({ name }) => name),
    rotationNotes,
  )
  const known = [...keys, ...firsts.map(({ key }) => key)]
  const signed = firsts.map(({ note }) => ({
    note,
    by: attempt(() => openNote(note, known).signedBy.map(({ text }) => text)) ?? [],
  }))
  const linked = new Set(keys.map(({ text }) => text))
  for (let before = 0; before !== linked.size; ) {
    before = linked.size
    for (const { by } of signed)
      if (by.some((text) => linked.has(text))) for (const text of by) linked.add(text)
  }
  return signed.filter(({ by }) => by.some((text) => linked.has(text))).map(({ note }) => note)
}

/** Of stored notes, in their order, those by which a key introduces itself to this ledger: whatever else lies there is none. */
export const rotationsOf = (origin: string, rotationNotes: readonly string[]): readonly string[] =>
  introductions([origin], rotationNotes).map(({ note }) => note)

/** The first for each key that the key itself has signed. */
function introductions(origins: readonly string[], rotationNotes: readonly string[]) {
  const firsts = new Map<string, { readonly note: string; readonly key: NoteKey }>()
  for (const note of rotationNotes) {
    const key = attempt(() => {
      const said = readRotation(openNote(note, []).text)
      const isOurs = origins.includes(said.origin)
      return isOurs && openNote(note, [said.key]).signedBy.length > 0 ? said.key : undefined
    })
    if (key !== undefined && !firsts.has(key.text)) firsts.set(key.text, { note, key })
  }
  return [...firsts.values()]
}

/**
 * Rotations by which one of `signers` that is known introduces those that are not. Known is who has signed the newest
 * checkpoint, or was introduced before; where there is no checkpoint yet, the first, which is in use.
 * @param signedBy those who have signed the newest checkpoint; undefined: there is none
 */
export function rotationsDue(
  signers: readonly Signer[],
  rotationNotes: readonly string[],
  signedBy: readonly NoteKey[] | undefined,
): readonly string[] | 'nobody known' {
  const keys = signers.map(({ key }) => key)
  const started = signedBy ?? keys.slice(0, 1)
  const named = linkedRotations(keys, rotationNotes).map(
    (note) => readRotation(openNote(note, []).text).key.text,
  )
  const known = signers.filter(({ key }) => started.includes(key) || named.includes(key.text))
  const [by] = known.toSorted((a, b) => Number(started.includes(b.key)) - Number(started.includes(a.key)))
  if (by === undefined) return 'nobody known'
  return signers.filter((one) => !known.includes(one)).map((one) => rotationNote(by, one))
}

/**
 * Whether a trusted key has signed the note that introduces it, and no trusted key's signature there is wrong. By whom it
 * was introduced only who trusts that key, too, can tell.
 */
export const isHeld = (note: string, trusted: readonly NoteKey[]): boolean =>
  attempt(() => {
    const { text, signedBy } = openNote(note, trusted)
    const { key } = readRotation(text)
    return signedBy.some((one) => one.text === key.text)
  }) ?? false

/** The key that a note introduces on the word of one of `trusted`, if it does. */
function introduced(note: string, trusted: readonly NoteKey[]): NoteKey | undefined {
  return attempt(() => {
    const { origin, key } = readRotation(openNote(note, []).text)
    const { signedBy } = openNote(note, [...trusted.filter(({ name }) => name === origin), key])
    const byItself = signedBy.some(({ text }) => text === key.text)
    const byOther = signedBy.some(({ text }) => text !== key.text)
    return byItself && byOther ? key : undefined
  })
}

/** Undefined for what is no rotation: it says nothing. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof NoteError) return undefined
    throw error
  }
}
