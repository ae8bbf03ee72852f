import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
  verify,
} from 'node:crypto'
import { unauthenticated } from './errors.ts'

type App = {
  readonly secret?: string
  /** What the application trusts: tokens of this issuer for this subject. */
  readonly federated?: { readonly issuer: string; readonly subject: string; readonly key: KeyObject }
}

/** The audience that Entra wants of what it exchanges (Entra docs, "Workload identity federation"). */
const exchange = 'api://AzureADTokenExchange'

/** Entra's token endpoint and who may call. Tokens are checked by the system's clock, as the SDK makes them. */
export const createEntra = (now: () => number) => {
  const tenant = randomUUID()
  const apps = new Map<string, App>()
  const machines = new Set<string>()
  const tokens = new Map<string, number>()
  const token = () => {
    const text = randomBytes(32).toString('base64url')
    tokens.set(text, now() + 3_600_000)
    return { token_type: 'Bearer', access_token: text, expires_in: 3600 }
  }
  const refused = (status: number, error: string, description: string) => ({
    status,
    body: { error, error_description: description, error_codes: [Number(/\d+/.exec(description)?.[0])] },
  })

  return {
    tenant,
    /** An application with a client secret. */
    secretApp(): { readonly clientId: string; readonly clientSecret: string } {
      const [clientId, clientSecret] = [randomUUID(), randomBytes(24).toString('base64url')]
      apps.set(clientId, { secret: clientSecret })
      return { clientId, clientSecret }
    },
    /** An application that trusts a cluster, and a token of that cluster for it. */
    federatedApp(): { readonly clientId: string; readonly token: string } {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const clientId = randomUUID()
      const issuer = 'https://cluster.example'
      const subject = 'system:serviceaccount:gitsudo:gitsudo'
      apps.set(clientId, { federated: { issuer, subject, key: createPublicKey(pair.privateKey) } })
      const claims = { iss: issuer, sub: subject, aud: exchange, exp: Math.floor(now() / 1000) + 3600 }
      const body = [{ alg: 'RS256', typ: 'JWT' }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.')
      return {
        clientId,
        token: `${body}.${sign('sha256', Buffer.from(body), pair.privateKey).toString('base64url')}`,
      }
    },
    /** A user-assigned identity of the machine. */
    machineIdentity(): string {
      const clientId = randomUUID()
      machines.add(clientId)
      return clientId
    },
    /** What a client reads before it asks for tokens. */
    metadata: (url: string) => ({
      status: 200,
      body: {
        issuer: `${url}/${tenant}/v2.0`,
        authorization_endpoint: `${url}/${tenant}/oauth2/v2.0/authorize`,
        token_endpoint: `${url}/${tenant}/oauth2/v2.0/token`,
        jwks_uri: `${url}/${tenant}/discovery/v2.0/keys`,
      },
    }),
    /** The token endpoint's answer (client credentials: a secret, or an assertion by RFC 7523). */
    token(form: URLSearchParams, resource: string) {
      const app = apps.get(form.get('client_id') ?? '')
      if (form.get('grant_type') !== 'client_credentials')
        return refused(400, 'unsupported_grant_type', 'AADSTS70003: The grant type is not supported.')
      if (app === undefined)
        return refused(
          400,
          'unauthorized_client',
          'AADSTS700016: The application was not found in the directory.',
        )
      if (!form.get('scope')?.split(' ').includes(`${resource}/.default`))
        return refused(400, 'invalid_scope', 'AADSTS70011: The provided value for scope is not valid.')
      const assertion = form.get('client_assertion')
      if (assertion === null)
        return app.secret !== undefined && form.get('client_secret') === app.secret
          ? { status: 200, body: token() }
          : refused(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.')
      return app.federated !== undefined && isSound(assertion, app.federated, now())
        ? { status: 200, body: token() }
        : refused(
            401,
            'invalid_client',
            'AADSTS700213: No matching federated identity record found for the presented assertion.',
          )
    },
    /** The machine's own endpoint; it trusts whoever reaches it. */
    machineToken(query: URLSearchParams, resource: string) {
      const asked = query.get('client_id')
      if (query.get('resource') !== resource || (asked !== null && !machines.has(asked)))
        return refused(400, 'invalid_request', 'Identity not found')
      const { expires_in, ...rest } = token()
      const expires_on = String(Math.floor(now() / 1000) + expires_in)
      return { status: 200, body: { ...rest, resource, expires_in: String(expires_in), expires_on } }
    },
    /** Trouble as the token endpoint tells it. */
    trouble: ({ message }: Error) => ({ error: 'temporarily_unavailable', error_description: message }),
    /** Takes every token back that was given out. */
    expire: () => tokens.clear(),
    /** @throws AzureError 401 */
    authenticate(header: string | undefined): void {
      const known = tokens.get(/^Bearer (\S+)$/.exec(header ?? '')?.[1] ?? '')
      if (known === undefined || known <= now()) throw unauthenticated()
    },
  }
}

const isSound = (
  assertion: string,
  { issuer, subject, key }: NonNullable<App['federated']>,
  now: number,
): boolean => {
  const [head = '', body = '', signature = ''] = assertion.split('.')
  if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
    return false
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Record<string, unknown>
  const { iss, sub, aud, exp } = claims
  return iss === issuer && sub === subject && aud === exchange && Number(exp) * 1000 > now
}
