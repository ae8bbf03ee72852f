import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createKeyring, type Keyring } from '../audit/keyring.ts'
import type { Config } from '../config.ts'

/** The keys port over the configured texts: the first of each kind is in use, all of them verify. */
export const keysOf = ({ signing, mac }: Pick<Config['keys'], 'signing' | 'mac'>): Keyring => {
  const signers = signing.map((pem) => {
    const privateKey = createPrivateKey(pem)
    const publicKey = createPublicKey(privateKey)
    return { id: short(publicKey.export({ type: 'spki', format: 'der' })), privateKey, publicKey }
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

/** A key's id says which it is and nothing else about it. */
const short = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex').slice(0, 16)

/** Makes the keys that do not exist yet, mode 0600; what exists is never touched. */
export const makeKeys = ({ signing, mac }: Config['keys']['files']): readonly string[] => {
  const made: string[] = []
  const make = (file: string | undefined, text: () => string) => {
    if (file === undefined || existsSync(file)) return
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, text(), { mode: 0o600, flag: 'wx' })
    made.push(file)
  }
  make(signing[0], () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  )
  make(mac[0], () => `${randomBytes(32).toString('base64')}\n`)
  return made
}
