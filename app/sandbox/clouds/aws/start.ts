import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { createFaults } from '../faults.ts'
import { arnOf, type Caller, createAccounts, inlineOf, type Role } from './accounts.ts'
import { AwsError, denied } from './errors.ts'
import { createIam } from './iam.ts'
import { createIdentityCenter } from './identity-center.ts'
import type { Keys } from './signature.ts'
import { createSts, refusedToken, sessionOf } from './sts.ts'
import { type Fields, xmlAnswer, xmlError } from './xml.ts'

type AwsOptions = {
  /** Epoch ms; decides what policies say and how long sessions live. */
  readonly clock: { now(): number }
  /** How long stale reads lag behind a write, and how long a changed policy takes to be in force; milliseconds. */
  readonly propagationMs?: number
  readonly effectMs?: number
  /** How long requests of Identity Center take, by the stopwatch; milliseconds. */
  readonly workMs?: number
  /** Waits before each answer, as a cloud far away would. */
  readonly latencyMs?: number
}

const hourMs = 3_600_000
/** What the API versions of these services answer in. */
const namespaces: Readonly<Record<string, string>> = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/',
}

/**
 * AWS as the SDK meets it: STS and IAM with their limits, permissions and policies, evaluated; the metadata server; an
 * EC2 that answers whoever may ask; and hands that reach behind it.
 */
export const startAws = async (options: AwsOptions) => {
  const { clock, propagationMs = 0, effectMs = 0, workMs = 20, latencyMs = 0 } = options
  const accounts = createAccounts(clock, effectMs)
  const iam = createIam(accounts, clock, propagationMs)
  const withdrawn = new Set<string>()
  const sts = createSts(accounts, clock, withdrawn)
  const identityCenter = createIdentityCenter({ clock, workMs, propagationMs })
  const faults = createFaults()
  const calls = new Map<string, number>()
  const tokens = new Map<string, string>()
  let machine: string | undefined

  /** Keys of a machine's role. The SDK looks after them by the system's clock. */
  const ownSession = (arn: string): Fields => {
    const role = accounts.roles.get(arn)
    if (role === undefined) throw denied('a machine', 'sts:AssumeRole', arn)
    const until = Date.now() + hourMs
    return sts.open(sessionOf(role, 'gitsudo'), () => Date.now() < until, until)
  }
  const query: Readonly<Record<string, (caller: Caller, form: URLSearchParams, stale: boolean) => Fields>> = {
    ...iam.actions,
    ...sts.actions,
    DescribeInstances(caller) {
      accounts.authorise(caller, 'ec2:DescribeInstances', '*')
      return { reservationSet: {} }
    },
  }
  const serviceOf = (action: string): string =>
    action in iam.actions ? 'iam' : action in sts.actions ? 'sts' : 'ec2'

  const serve = async <T>(call: string, said: string, work: (stale: boolean) => T): Promise<T | Silence> => {
    calls.set(call, (calls.get(call) ?? 0) + 1)
    if (latencyMs > 0) await new Promise((go) => setTimeout(go, latencyMs))
    const fault = faults.meet(call, said)
    if (fault === 'throttled') throw new AwsError(400, 'Throttling', 'Rate exceeded')
    if (fault === 'unavailable') throw new AwsError(503, 'ServiceUnavailable', 'Service Unavailable')
    if (fault === 'broken') throw new AwsError(500, 'InternalFailure', 'An internal error has occurred')
    if (fault === 'conflict')
      throw new AwsError(409, 'ConcurrentModification', 'Another request changed this. Try again.')
    if (fault === 'expired')
      throw new AwsError(403, 'ExpiredToken', 'The security token included in the request is expired')
    if (fault === 'forbidden') throw denied('gitsudo', call, '*')
    if (fault === 'hang') return 'hung'
    const answer = work(fault === 'stale')
    return fault === 'reset' ? 'reset' : answer
  }

  const answerTo = async (request: IncomingMessage): Promise<Answer | Silence> => {
    const body = await read(request)
    const headers = request.headers as Readonly<Record<string, string | undefined>>
    if (request.url?.startsWith('/latest/') === true)
      return serve('metadata', '', () =>
        metadata(request.method ?? '', request.url ?? '', machine, ownSession),
      )
    const [target = '', operation = ''] = (headers['x-amz-target'] ?? '').split('.')
    if (operation !== '') {
      return serve(operation, identityCenter.saying(body), (stale) => {
        const caller = accounts.authenticate(headers, body)
        const permission = `${target === 'AWSIdentityStore' ? 'identitystore' : 'sso'}:${operation}`
        if (withdrawn.has(permission)) throw denied(arnOf(caller), permission, '*')
        accounts.authorise(caller, permission, '*')
        const answer = identityCenter.answer(operation, JSON.parse(body), stale)
        return { status: 200, type: jsonType, body: JSON.stringify(answer) }
      })
    }
    const form = new URLSearchParams(body)
    const action = form.get('Action') ?? ''
    if (action === 'AssumeRoleWithWebIdentity') {
      return serve(action, body, () => {
        const arn = form.get('RoleArn') ?? ''
        if (tokens.get(form.get('WebIdentityToken') ?? '') !== arn) throw refusedToken()
        return xml(action, 'sts', ownSession(arn))
      })
    }
    const answer = query[action]
    if (request.method !== 'POST' || answer === undefined)
      throw new AwsError(400, 'InvalidAction', `The action ${action} is not valid for this web service.`)
    return serve(action, body, (stale) => {
      const caller = accounts.authenticate(headers, body)
      const service = serviceOf(action)
      if (withdrawn.has(`${service}:${action}`))
        throw denied(
          arnOf(caller),
          `${service}:${action}`,
          form.get('RoleArn') ?? `arn:aws:iam::*:role/${form.get('RoleName')}`,
        )
      return xml(action, service, answer(caller, form, stale))
    })
  }

  const server = createServer((request, response) => {
    const send = ({ status, type, body }: Answer) =>
      response
        .writeHead(status, {
          'content-type': type,
          ...(status === 400 && body.includes('Throttling') ? { 'retry-after': '1' } : {}),
        })
        .end(body)
    answerTo(request).then(
      (answer) => {
        if (answer === 'hung') return
        if (answer === 'reset') request.socket.resetAndDestroy()
        else send(answer)
      },
      (error: unknown) => {
        const told = error instanceof AwsError ? error : new AwsError(500, 'InternalFailure', String(error))
        send(
          request.headers['x-amz-target'] === undefined
            ? { status: told.status, type: 'text/xml', body: xmlError(told) }
            : {
                status: told.status,
                type: jsonType,
                body: JSON.stringify({ __type: named(told.code), message: told.message }),
              },
        )
      },
    )
  })
  // No shorter than its clients keep a connection: one closed as it is used again looks like trouble of the cloud.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the double has no port')

  const found = (arn: string): Role => {
    const role = accounts.roles.get(arn)
    if (role === undefined) throw new Error(`the double has no ${arn}`)
    return role
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    faults,
    identityCenter,
    /** How often each call was made. */
    calls,
    /** A user with keys of his own; `policy`: what he may do. */
    addUser(arn: string, policy?: unknown): Keys {
      const [, account = ''] = /^arn:[\w-]+:iam::(\d{12}):user\//.exec(arn) ?? []
      const inline = new Map(policy === undefined ? [] : [['given', JSON.stringify(policy)]])
      const user = { account, arn, id: `AIDA${randomBytes(8).toString('hex').toUpperCase()}`, inline }
      accounts.users.set(arn, user)
      return accounts.keysFor({ user })
    },
    addRole: (arn: string, trust: unknown, maxSessionSeconds?: number, attached: readonly string[] = []) =>
      iam.addRole(arn, JSON.stringify(trust), maxSessionSeconds, attached),
    deleteRole: (arn: string) => accounts.roles.delete(arn),
    /** A token that the identity provider of a cluster wrote for a pod that may take this role. */
    webIdentity(arn: string): string {
      const token = randomBytes(24).toString('hex')
      tokens.set(token, arn)
      return token
    },
    /** From now on the metadata server gives out this role. */
    runAs(arn: string): void {
      machine = arn
    },
    /** Every session that was given out, the last one last. */
    sessions: () => accounts.sessions,
    expireTokens: () => accounts.expire(),
    withdraw: (permission: string) => withdrawn.add(permission),
    giveBack: (permission: string) => withdrawn.delete(permission),
    /** Inline policies of a role, by name. */
    policies: (arn: string): ReadonlyMap<string, string> => inlineOf(found(arn)),
    /** Changes a role's inline policies as another administrator would. */
    edit: (arn: string, change: (inline: Map<string, string>) => void): void => {
      iam.put(found(arn), change)
    },
    /** Ends every connection, and with it whatever call was never to be answered. */
    hangUp: (): void => server.closeAllConnections(),
    close: (): Promise<void> =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

export type LocalAws = Awaited<ReturnType<typeof startAws>>

type Answer = { readonly status: number; readonly type: string; readonly body: string }
type Silence = 'hung' | 'reset'

const jsonType = 'application/x-amz-json-1.1'
/** The names that services of the JSON protocol have for what goes wrong everywhere. */
const named = (code: string): string =>
  ({
    Throttling: 'ThrottlingException',
    ConcurrentModification: 'ConflictException',
    AccessDenied: 'AccessDeniedException',
    ExpiredToken: 'ExpiredTokenException',
  })[code] ?? code

const xml = (action: string, service: string, fields: Fields): Answer => ({
  status: 200,
  type: 'text/xml',
  body: xmlAnswer(action, namespaces[service] ?? '', fields),
})

/** The metadata server of a machine (version 2): a token, the role's name, its keys. */
const metadata = (
  method: string,
  path: string,
  arn: string | undefined,
  session: (arn: string) => Fields,
): Answer => {
  const text = (body: string): Answer => ({ status: 200, type: 'text/plain', body })
  if (method === 'PUT' && path === '/latest/api/token') return text('token-of-the-metadata-server')
  if (arn === undefined) return { status: 404, type: 'text/plain', body: '' }
  const role = arn.split('/').at(-1) ?? ''
  if (path === '/latest/meta-data/iam/security-credentials/') return text(role)
  const { Credentials } = session(arn) as { readonly Credentials: Fields }
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials
  return text(
    JSON.stringify({
      Code: 'Success',
      Type: 'AWS-HMAC',
      AccessKeyId,
      SecretAccessKey,
      Token: SessionToken,
      Expiration,
    }),
  )
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
