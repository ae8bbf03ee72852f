import { type Accounts, accountOf, arnOf, type Caller, type Role, type Session } from './accounts.ts'
import { readDocument, trusts } from './documents.ts'
import { AwsError, denied, invalid } from './errors.ts'
import type { Fields } from './xml.ts'

const names = /^[\w+=,.@-]{2,64}$/
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** STS: taking roles, as its API reference describes it. `withdrawn`: actions that nobody may. */
export const createSts = (accounts: Accounts, clock: { now(): number }, withdrawn: ReadonlySet<string>) => {
  /** A role's session with keys of its own, by the clock that `lives` is asked by. */
  const open = (session: Session, lives: () => boolean, expiresAt: number): Fields => {
    const keys = accounts.keysFor({ session }, lives)
    return {
      Credentials: {
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        SessionToken: keys.sessionToken ?? '',
        Expiration: new Date(expiresAt).toISOString(),
      },
      AssumedRoleUser: { AssumedRoleId: `${session.role.id}:${session.name}`, Arn: session.arn },
    }
  }

  return {
    open,
    actions: {
      GetCallerIdentity: (caller: Caller): Fields => ({
        Arn: arnOf(caller),
        UserId: accounts.contextOf(caller)['aws:userid'] ?? '',
        Account: accountOf(caller),
      }),
      AssumeRole(caller: Caller, form: URLSearchParams): Fields {
        const asked = readAssume(form)
        const role = accounts.roles.get(asked.arn)
        for (const action of neededFor(asked)) {
          if (
            role === undefined ||
            withdrawn.has(action) ||
            !mayAssume(accounts, caller, role, action, asked)
          )
            throw denied(arnOf(caller), action, asked.arn)
        }
        if (role === undefined) throw denied(arnOf(caller), 'sts:AssumeRole', asked.arn)
        if (asked.seconds > role.maxSessionSeconds)
          throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
        if ('session' in caller && asked.seconds > 3600)
          throw invalid(
            'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
          )
        const session = sessionOf(role, asked.name, asked)
        const expiresAt = clock.now() + asked.seconds * 1000
        return {
          ...open(session, () => clock.now() < expiresAt, expiresAt),
          ...(asked.sourceIdentity === undefined ? {} : { SourceIdentity: asked.sourceIdentity }),
          PackedPolicySize: '10',
        }
      },
    },
  }
}

export const sessionOf = (
  role: Role,
  name: string,
  more: Partial<Pick<Session, 'policy' | 'sourceIdentity' | 'tags'>> = {},
): Session => ({
  role,
  name,
  arn: `${role.arn.replace(':iam:', ':sts:').replace(/:role\/.*$/, '')}:assumed-role/${role.name}/${name}`,
  tags: more.tags ?? {},
  ...(more.policy === undefined ? {} : { policy: more.policy }),
  ...(more.sourceIdentity === undefined ? {} : { sourceIdentity: more.sourceIdentity }),
})

type Asked = Pick<Session, 'name' | 'tags'> &
  Partial<Pick<Session, 'policy' | 'sourceIdentity'>> & {
    readonly arn: string
    readonly seconds: number
    readonly externalId?: string
  }

const readAssume = (form: URLSearchParams): Asked => {
  const arn = form.get('RoleArn') ?? ''
  if (!/^arn:[\w-]+:iam::\d{12}:role\/\S{1,512}$/.test(arn)) throw invalid(`${arn} is invalid`)
  const name = form.get('RoleSessionName') ?? ''
  if (!names.test(name)) throw invalid(`Value '${name}' at 'roleSessionName' failed to satisfy constraint`)
  const seconds = Number(form.get('DurationSeconds') ?? 3600)
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200)
    throw invalid(`Value '${seconds}' at 'durationSeconds' failed to satisfy constraint`)
  const sourceIdentity = form.get('SourceIdentity') ?? undefined
  if (sourceIdentity !== undefined && !names.test(sourceIdentity))
    throw invalid(`Value '${sourceIdentity}' at 'sourceIdentity' failed to satisfy constraint`)
  const externalId = form.get('ExternalId') ?? undefined
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId))
    throw invalid("Value at 'externalId' failed to satisfy constraint")
  const text = form.get('Policy') ?? undefined
  if (text !== undefined && text.length > 2048) throw invalid('packed size', 'PackedPolicyTooLarge')
  const tags: Record<string, string> = {}
  for (let i = 1; form.has(`Tags.member.${i}.Key`); i++) {
    const [key, value] = [form.get(`Tags.member.${i}.Key`) ?? '', form.get(`Tags.member.${i}.Value`) ?? '']
    if (i > 50 || key.length < 1 || key.length > 128 || value.length > 256) throw invalid('Tags too long')
    if (!tagText.test(key) || !tagText.test(value)) throw invalid(`Tag ${key} holds what no tag may hold`)
    tags[key] = value
  }
  return {
    arn,
    name,
    seconds,
    tags,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(text === undefined ? {} : { policy: readDocument(text) }),
  }
}

const neededFor = ({ tags, sourceIdentity }: Asked): readonly string[] => [
  'sts:AssumeRole',
  ...(Object.keys(tags).length === 0 ? [] : ['sts:TagSession']),
  ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
]

/** Both the role's trust policy and the caller's own must let him; within an account, the former alone where it names him. */
const mayAssume = (accounts: Accounts, caller: Caller, role: Role, action: string, asked: Asked): boolean => {
  const account = accountOf(caller)
  const names = [
    arnOf(caller),
    account,
    `arn:aws:iam::${account}:root`,
    ...('session' in caller ? [caller.session.role.arn] : []),
  ]
  const trust = trusts(readDocument(role.trust, true), names, {
    action,
    resource: role.arn,
    context: {
      ...accounts.contextOf(caller),
      'sts:RoleSessionName': asked.name,
      ...(asked.externalId === undefined ? {} : { 'sts:ExternalId': asked.externalId }),
      ...(asked.sourceIdentity === undefined ? {} : { 'sts:SourceIdentity': asked.sourceIdentity }),
    },
  })
  if (!trust.allowed) return false
  const own = accounts.own(caller, action, role.arn)
  return own === 'allow' || (own === 'none' && trust.direct && account === role.account)
}

/** The token of a pod or a workflow, exchanged for a session of the role that trusts its issuer. */
export const refusedToken = () =>
  new AwsError(
    400,
    'InvalidIdentityToken',
    'The web identity token that was passed could not be validated by AWS.',
  )
