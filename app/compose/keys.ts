import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createKeyring, type Keyring } from '../audit/keyring.ts'
import { noteKey } from '../audit/note.ts'
import type { Signer } from '../audit/rotation.ts'
import { signingKeyId } from '../audit/signature.ts'
import type { Config } from '../config.ts'

/** The keys port over the configured texts: the first of each kind is in use, all of them verify. */
export const keysOf = ({ signing, mac }: Pick<Config['keys'], 'signing' | 'mac'>): Keyring => {
  const signers = signing.map((pem) => {
    const privateKey = createPrivateKey(pem)
    const publicKey = createPublicKey(privateKey)
    return { id: signingKeyId(publicKey), privateKey, publicKey }
  })
  const macs = mac.map((text) => {
    const secret = Buffer.from(text.trim(), 'base64')
    return {
      id: short(hash('sha256', Buffer.concat([Buffer.from('gitsudo mac key\n'), secret]), 'buffer')),
      secret,
    }
  })
  const [signer] = signers
  const [first] = macs
  if (signer === undefined || first === undefined)
    throw new Error('there is no signing or no MAC key: gitsudo server init')
  return createKeyring({
    signing: signer,
    publicKeys: new Map(signers.map(({ id, publicKey }) => [id, publicKey])),
    macKey: first.id,
    macSecrets: new Map(macs.map(({ id, secret }) => [id, secret])),
  })
}

/** The signing keys as signers of notes, in the instance's name; the first is in use. */
export const signersOf = (instance: string, signing: readonly string[]): readonly Signer[] =>
  signing.map((pem) => {
    const privateKey = createPrivateKey(pem)
    return { key: noteKey(instance, createPublicKey(privateKey)), privateKey }
  })

/** A key's id says which it is and nothing else about it. */
const short = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex').slice(0, 16)

/**
 * A new signing key beside the one in use, named for its public half. It signs nothing until `keys.signing_files`
 * lists it; then each start has the old one introduce it (audit/rotation.ts).
 */
export const rotateKey = ({ instance, keys }: Pick<Config, 'instance' | 'keys'>) => {
  const files = keys.files.signing
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { id, text } = noteKey(instance, publicKey)
  const file = join(dirname(files[0] ?? ''), `signing-${id}.pem`)
  writeFileSync(file, pem(privateKey), { mode: 0o600, flag: 'wx' })
  return { file, publicKey: text, files: [file, ...files] }
}

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

/** Makes the keys that do not exist yet, mode 0600; what exists is never touched. */
export const makeKeys = ({ signing, mac }: Config['keys']['files']): readonly string[] => {
  const made: string[] = []
  const make = (file: string | undefined, text: () => string) => {
    if (file === undefined || existsSync(file)) return
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, text(), { mode: 0o600, flag: 'wx' })
    made.push(file)
  }
  make(signing[0], () => pem(generateKeyPairSync('ed25519').privateKey))
  make(mac[0], () => `${randomBytes(32).toString('base64')}\n`)
  return made
}
