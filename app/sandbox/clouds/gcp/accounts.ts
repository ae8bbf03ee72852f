import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto'
import { unauthenticated } from './errors.ts'

const scope = 'https://www.googleapis.com/auth/cloud-platform'

/** Who may call, by key or by federated token. Tokens are checked by the system's clock, as the SDK makes them. */
export const createAccounts = (now: () => number) => {
  const keys = new Map<string, { readonly email: string; readonly key: KeyObject }>()
  const subjects = new Set<string>()
  const tokens = new Map<string, { readonly until: number }>()
  const token = () => {
    const text = `ya29.d.${randomBytes(32).toString('hex')}`
    tokens.set(text, { until: now() + 3_600_000 })
    return { access_token: text, token_type: 'Bearer', expires_in: 3600 }
  }

  return {
    /** A service account with a key: the JSON that Google gives out once. */
    key(email: string): Readonly<Record<string, unknown>> {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const id = randomBytes(20).toString('hex')
      keys.set(id, { email, key: createPublicKey(pair.privateKey) })
      return {
        type: 'service_account',
        project_id: 'gitsudo-home',
        private_key_id: id,
        private_key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        client_email: email,
      }
    },
    /** A token that the workload identity pool takes for one of Google's. */
    subject(): string {
      const token = randomBytes(24).toString('hex')
      subjects.add(token)
      return token
    },
    /** The token endpoint's answer (RFC 8693). */
    exchange(form: URLSearchParams): { readonly status: number; readonly body: unknown } {
      const refused = (error: string, description: string) => ({
        status: 400,
        body: { error, error_description: description },
      })
      if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange')
        return refused('unsupported_grant_type', 'Only token exchange is served.')
      if (!form.get('scope')?.split(' ').includes(scope)) return refused('invalid_scope', 'Unknown scope.')
      if (!subjects.has(form.get('subject_token') ?? ''))
        return refused('invalid_grant', 'The subject token is not one that the pool accepts.')
      return {
        status: 200,
        body: { ...token(), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      }
    },
    /** The metadata server's answer to what runs on Google's own machines. */
    local: () => ({ status: 200, body: token() }),
    /** Takes every token back that was given out. */
    expire(): void {
      tokens.clear()
    },
    /** @throws GoogleError 401, unless the header carries a token of ours or a service account's own (AIP-4111). */
    authenticate(header: string | undefined): void {
      const token = /^Bearer (\S+)$/.exec(header ?? '')?.[1] ?? ''
      const known = tokens.get(token)
      if (known !== undefined && known.until > now()) return
      const [head, body, signature] = token.split('.')
      if (head === undefined || body === undefined || signature === undefined) throw unauthenticated()
      const { kid, alg } = decoded(head)
      const claims = decoded(body)
      const account = keys.get(String(kid))
      const sound =
        account !== undefined &&
        alg === 'RS256' &&
        verify('sha256', Buffer.from(`${head}.${body}`), account.key, Buffer.from(signature, 'base64url')) &&
        claims.iss === account.email &&
        claims.scope === scope &&
        Number(claims.exp) * 1000 > now()
      if (!sound) throw unauthenticated()
    },
  }
}

const decoded = (part: string): Readonly<Record<string, unknown>> => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>
  } catch {
    throw unauthenticated()
  }
}
