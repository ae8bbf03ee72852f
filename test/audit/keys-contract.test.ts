import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createKeyring } from '../../app/audit/keyring.ts'
import { describeKeys } from '../support/contract/keys.ts'

const keyring = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return createKeyring({
    signing: { id: 'sign', privateKey },
    publicKeys: new Map([['sign', publicKey]]),
    macKey: 'mac',
    macSecrets: new Map([['mac', randomBytes(32)]]),
  })
}
describeKeys('Ed25519 and HMAC-SHA-256', keyring(), keyring())
