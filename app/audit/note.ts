import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** A note, a key or a checkpoint that is not written as C2SP says; the message says what is wrong. */
export class NoteError extends Error {
  readonly code = 'not_a_note'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NoteError'
  }
}

/** A key that notes are checked with: `<name>+<id>+<base64 of 0x01 and the 32 bytes>` (c2sp.org/signed-note). */
export type NoteKey = {
  readonly name: string
  /** The first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key), in hex. */
  readonly id: string
  readonly publicKey: KeyObject
  readonly text: string
}

/** The key of an Ed25519 pair under a name. A name holds neither blanks nor `+`. */
export function noteKey(name: string, publicKey: KeyObject): NoteKey {
  if (!/^[^\s+]+$/u.test(name)) throw new NoteError(`${JSON.stringify(name)} cannot be the name of a key.`)
  const raw = publicKey.export({ format: 'jwk' })
  if (raw.crv !== 'Ed25519' || raw.x === undefined) throw new NoteError('The key is not an Ed25519 key.')
  const bytes = Buffer.concat([ed25519, Buffer.from(raw.x, 'base64url')])
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), bytes]), 'hex').slice(0, 8)
  return { name, id, publicKey, text: `${name}+${id}+${bytes.toString('base64')}` }
}

/** Reads what `noteKey` wrote as `text`. @throws NoteError */
export function readNoteKey(text: string): NoteKey {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text.trim()) ?? []
  if (name === undefined || encoded === undefined)
    throw new NoteError(`${JSON.stringify(text.trim())} is no public key: <name>+<id>+<key> is.`)
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 33 || bytes[0] !== 1) throw new NoteError('The public key is not an Ed25519 key.')
  const x = bytes.subarray(1).toString('base64url')
  const key = noteKey(name, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }))
  if (key.id !== id)
    throw new NoteError(`The public key's id is ${key.id}, not ${id}: it was cut or altered.`)
  return key
}

/** Of keys that are trusted those of one ledger, and what is wrong where there is none: nobody else's has a say in it. */
export function ownKeys(
  origin: string,
  given: readonly NoteKey[],
): { readonly keys: readonly NoteKey[]; readonly faults: readonly string[] } {
  const keys = given.filter(({ name }) => name === origin)
  return { keys, faults: keys.length === 0 ? [`none of the keys given is of ${origin}`] : [] }
}

/** The text signed by each key, a line each. `text` ends with a line feed. */
export function signNote(
  text: string,
  signers: readonly { readonly key: NoteKey; readonly privateKey: KeyObject }[],
): string {
  if (!text.endsWith('\n') || text.includes('\n\n'))
    throw new NoteError('A note is lines, none of them empty.')
  const lines = signers.map(({ key, privateKey }) => {
    const signature = sign(null, Buffer.from(text, 'utf8'), privateKey)
    return `— ${key.name} ${Buffer.concat([Buffer.from(key.id, 'hex'), signature]).toString('base64')}\n`
  })
  return `${text}\n${lines.join('')}`
}

/**
 * The text of a note and the keys it is signed by. Signatures of unknown keys are passed over; a wrong one of a
 * known key refuses the whole note.
 * @throws NoteError
 */
export function openNote(
  note: string,
  keys: readonly NoteKey[],
): { readonly text: string; readonly signedBy: readonly NoteKey[] } {
  const cut = note.lastIndexOf('\n\n')
  if (cut < 0 || !note.endsWith('\n') || note.length > most || control.test(note))
    throw new NoteError('This is no signed note.')
  const text = note.slice(0, cut + 1)
  const signedBy: NoteKey[] = []
  for (const line of note.slice(cut + 2, -1).split('\n')) {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? []
    if (name === undefined || encoded === undefined)
      throw new NoteError(`${JSON.stringify(line)} is no signature line.`)
    const bytes = Buffer.from(encoded, 'base64')
    // One spelling of one signature: base64 decoding is lenient.
    if (bytes.toString('base64') !== encoded)
      throw new NoteError(`${JSON.stringify(line)} is no signature line.`)
    const key = keys.find((one) => one.name === name && one.id === bytes.subarray(0, 4).toString('hex'))
    if (key === undefined) continue
    if (!verify(null, Buffer.from(text, 'utf8'), key.publicKey, bytes.subarray(4)))
      throw new NoteError(`The signature of ${name} does not hold.`)
    if (!signedBy.includes(key)) signedBy.push(key)
  }
  return { text, signedBy }
}

const ed25519 = Buffer.from([0x01])
/** Characters; far more than sixteen signatures take. */
const most = 1_000_000
const control = /[^\P{Cc}\n]/u
