import { randomBytes } from 'node:crypto'
import { type Document, evaluate, readDocument } from './documents.ts'
import { AwsError, denied, missing } from './errors.ts'
import { type Keys, readSignature, signatureOf } from './signature.ts'

export type Role = {
  readonly account: string
  readonly name: string
  readonly arn: string
  readonly id: string
  readonly maxSessionSeconds: number
  trust: string
  readonly managed: Set<string>
  /** Inline policies by name, as they were from each moment on; the last is what is there. */
  readonly history: { readonly at: number; readonly inline: ReadonlyMap<string, string> }[]
}
export type User = {
  readonly account: string
  readonly arn: string
  readonly id: string
  readonly inline: Map<string, string>
}
/** An assumed role, and what was agreed when it was assumed. */
export type Session = {
  readonly role: Role
  readonly name: string
  readonly arn: string
  readonly policy?: Document
  readonly sourceIdentity?: string
  readonly tags: Readonly<Record<string, string>>
}
export type Caller = { readonly user: User } | { readonly session: Session }

/** AWS's own policies that this double knows, and what they allow. */
const managed: Readonly<Record<string, readonly string[]>> = {
  'arn:aws:iam::aws:policy/AdministratorAccess': ['*'],
  'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess': ['ec2:Describe*'],
}

export const arnOf = (caller: Caller): string => ('user' in caller ? caller.user.arn : caller.session.arn)
export const accountOf = (caller: Caller): string =>
  'user' in caller ? caller.user.account : caller.session.role.account
const useridOf = (caller: Caller): string =>
  'user' in caller ? caller.user.id : `${caller.session.role.id}:${caller.session.name}`

export const inlineOf = ({ history }: Role): ReadonlyMap<string, string> =>
  history.at(-1)?.inline ?? new Map()

/**
 * Who there is, with which keys, and what IAM lets them do.
 * @param effectMs how long a changed policy takes to be in force
 */
export const createAccounts = (clock: { now(): number }, effectMs: number) => {
  const roles = new Map<string, Role>()
  const users = new Map<string, User>()
  const sessions: Session[] = []
  const keys = new Map<
    string,
    { readonly keys: Keys; readonly caller: Caller; readonly lives: () => boolean }
  >()

  const documentsOf = (caller: Caller): readonly Document[] => {
    if ('user' in caller) return [...caller.user.inline.values()].map((text) => readDocument(text))
    const { role } = caller.session
    const inForce = role.history.findLast(({ at }) => at + effectMs <= clock.now()) ?? role.history[0]
    const attached = [...role.managed].map((arn): Document => {
      const Action = managed[arn]
      if (Action === undefined) throw missing(`Policy ${arn}`)
      return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] }
    })
    return [...attached, ...[...(inForce?.inline.values() ?? [])].map((text) => readDocument(text))]
  }

  return {
    roles,
    users,
    sessions,
    contextOf: (caller: Caller): Readonly<Record<string, string>> => ({
      'aws:CurrentTime': new Date(clock.now()).toISOString(),
      'aws:userid': useridOf(caller),
      'aws:PrincipalArn': arnOf(caller),
    }),
    /** What his own policies, those of his session among them, say. */
    own(caller: Caller, action: string, resource: string): 'allow' | 'deny' | 'none' {
      if ('session' in caller && roles.get(caller.session.role.arn) !== caller.session.role) return 'deny'
      const question = { action, resource, context: this.contextOf(caller) }
      const verdict = evaluate(documentsOf(caller), question)
      const policy = 'session' in caller ? caller.session.policy : undefined
      if (policy === undefined || verdict === 'deny') return verdict
      const within = evaluate([policy], question)
      return within === 'allow' ? verdict : within
    },
    /** @throws AwsError `AccessDenied` */
    authorise(caller: Caller, action: string, resource: string): void {
      if (this.own(caller, action, resource) !== 'allow') throw denied(arnOf(caller), action, resource)
    },
    /** Keys for somebody, as AWS gives them out once. */
    keysFor(caller: Caller, lives: () => boolean = () => true): Keys {
      const temporary = 'session' in caller
      if (temporary) sessions.push(caller.session)
      const made: Keys = {
        accessKeyId: `${temporary ? 'ASIA' : 'AKIA'}${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        ...(temporary ? { sessionToken: randomBytes(96).toString('base64') } : {}),
      }
      keys.set(made.accessKeyId, { keys: made, caller, lives })
      return made
    },
    /** Takes every temporary key back that was given out. */
    expire(): void {
      for (const [id, { caller }] of keys) if ('session' in caller) keys.delete(id)
    },
    /** @throws AwsError unless the request is signed with keys that are known and live */
    authenticate(headers: Readonly<Record<string, string | undefined>>, body: string): Caller {
      const given = readSignature(headers.authorization)
      if (given === undefined)
        throw new AwsError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token')
      const known = keys.get(given.accessKeyId)
      if (known === undefined || known.keys.sessionToken !== headers['x-amz-security-token'])
        throw new AwsError(
          403,
          'InvalidClientTokenId',
          'The security token included in the request is invalid.',
        )
      const signed = { method: 'POST', path: '/', headers, body }
      if (signatureOf(signed, known.keys.secretAccessKey, given) !== given.signature)
        throw new AwsError(
          403,
          'SignatureDoesNotMatch',
          'The request signature we calculated does not match the signature you provided.',
        )
      if (!known.lives())
        throw new AwsError(403, 'ExpiredToken', 'The security token included in the request is expired')
      return known.caller
    },
  }
}

export type Accounts = ReturnType<typeof createAccounts>
