import { createPrivateKey } from 'node:crypto'

/** What a text would have to be to be such a secret: what is wrong, said after its place, and what to do; never the text. */
export type Form = (text: string) => { readonly message: string; readonly remedy: string } | undefined

const leastBytes = 32
const leastLetters = 16

/** A private key in PEM, not encrypted, of one kind. */
const privateKey =
  (kind: 'rsa' | 'ed25519', name: string, remedy: string): Form =>
  (text) => {
    try {
      if (createPrivateKey(text).asymmetricKeyType === kind) return undefined
    } catch {
      // OpenSSL's reason names its own routines, and can quote the text.
    }
    return { message: `holds no ${name} private key in PEM`, remedy }
  }

export const rsa = privateKey(
  'rsa',
  'RSA',
  "give the .pem file that GitHub makes on the App's page, whole, with its line breaks",
)
export const ed25519 = privateKey(
  'ed25519',
  'Ed25519',
  'make one with gitsudo server init, or openssl genpkey -algorithm ed25519',
)

/** As many bytes as SHA-256 has: with fewer the key is what somebody would guess (RFC 2104, section 3). */
export const hmacKey: Form = (text) => {
  const written = text.replace(/\s/g, '')
  const bytes = Buffer.from(written, 'base64')
  return bytes.length >= leastBytes && bytes.toString('base64') === written
    ? undefined
    : {
        message: `holds no base64 of at least ${leastBytes} bytes`,
        remedy: 'make one with gitsudo server init, or openssl rand -base64 32',
      }
}

/** Secrets that somebody else made, or chose. */
export const longEnough: Form = (text) =>
  text.trim().length >= leastLetters
    ? undefined
    : {
        message: `holds fewer than ${leastLetters} characters`,
        remedy: 'give a long random text, the same to whoever checks it, as of openssl rand -hex 32',
      }
