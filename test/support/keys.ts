import { generateKeyPairSync } from 'node:crypto'
import { createKeyring, type Keyring } from '../../app/audit/keyring.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')

/** Keys of one test process. */
export const testKeys: Keyring = createKeyring({
  signing: { id: 'sign-1', privateKey },
  publicKeys: new Map([['sign-1', publicKey]]),
  macKey: 'mac-1',
  macSecrets: new Map([['mac-1', Buffer.from('a secret of this test run only')]]),
})
