import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { World } from './state/world.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A secret with GitHub's prefix: `ghp` a person's, `ghu` a person's through an App, `ghs` an installation's. */
function secret(prefix: string): string {
  return `${prefix}_${Array.from({ length: 36 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')}`
}

/** A new token of the person, through the App if one is named; for good unless an end is given (epoch ms). */
export function createUserToken(
  world: World,
  userId: number,
  appId: number | null,
  expiresAt?: number,
): string {
  const token = secret(appId === null ? 'ghp' : 'ghu')
  const createdAt = world.clock.now()
  const end = expiresAt === undefined ? {} : { expiresAt }
  world.tokens.set(token, { id: world.nextId(), kind: 'user', userId, appId, createdAt, ...end })
  return token
}

/** Whether a person's token is over. */
export const isOver = (world: World, { expiresAt }: { readonly expiresAt?: number }): boolean =>
  expiresAt !== undefined && expiresAt <= world.clock.now()

/** A new installation token, good for one hour. */
export function createInstallationToken(
  world: World,
  installationId: number,
  scope: {
    repositories: ReadonlySet<number> | 'all'
    permissions: Record<string, 'read' | 'write' | 'admin'>
  },
): { token: string; expiresAt: number } {
  const token = secret('ghs')
  const createdAt = Math.floor(world.clock.now() / 1000) * 1000
  const expiresAt = createdAt + 3_600_000
  world.tokens.set(token, {
    id: world.nextId(),
    kind: 'installation',
    installationId,
    ...scope,
    createdAt,
    expiresAt,
  })
  return { token, expiresAt }
}

/** What GitHub shows of a token where it may not show the token. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}

/** A random secret of `bytes` bytes, in hexadecimal. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
