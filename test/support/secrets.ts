import { generateKeyPairSync, randomBytes } from 'node:crypto'

const pem = { type: 'pkcs8', format: 'pem' } as const

/** Secrets in the forms that a configuration takes, made for one test process. */
export const appKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export(pem)
  .toString()
  .trim()
export const newSigningKey = (): string => generateKeyPairSync('ed25519').privateKey.export(pem).toString()
export const newMacKey = (): string => `${randomBytes(32).toString('base64')}\n`
