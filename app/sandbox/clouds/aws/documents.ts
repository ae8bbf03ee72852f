import { malformed } from './errors.ts'

type Texts = string | readonly string[]
type Statement = {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: '*' | Readonly<Record<string, Texts>>
  readonly Action: Texts
  readonly Resource?: Texts
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Texts>>>>
}
/** A policy as IAM evaluates it. */
export type Document = { readonly Version: string; readonly Statement: readonly Statement[] }

/** What is asked: an action on a resource, and what is known of the call (`aws:userid`, `sts:ExternalId`, …). */
export type Question = {
  readonly action: string
  readonly resource: string
  readonly context: Readonly<Record<string, string>>
}

const operators: Readonly<Record<string, (had: string, wanted: string) => boolean>> = {
  StringEquals: (had, wanted) => had === wanted,
  StringLike: (had, wanted) => like(wanted, had, true),
  DateGreaterThanEquals: (had, wanted) => Date.parse(had) >= Date.parse(wanted),
  DateGreaterThan: (had, wanted) => Date.parse(had) > Date.parse(wanted),
  DateLessThanEquals: (had, wanted) => Date.parse(had) <= Date.parse(wanted),
  DateLessThan: (had, wanted) => Date.parse(had) < Date.parse(wanted),
}

/**
 * Reads a policy, and refuses what IAM would (IAM User Guide, "Grammar of the IAM JSON policy language").
 * @param trust it says who may assume a role: with principals, without resources
 * @throws AwsError `MalformedPolicyDocument`
 */
export const readDocument = (text: string, trust = false): Document => {
  const given = parsed(text)
  if (given.Version !== '2012-10-17' && given.Version !== '2008-10-17')
    throw malformed('The policy must contain a valid version string')
  const statements = (Array.isArray(given.Statement) ? given.Statement : [given.Statement]) as Statement[]
  const ids = new Set<string>()
  for (const one of statements) {
    if (typeof one !== 'object' || one === null) throw malformed('Syntax errors in policy.')
    if (one.Effect !== 'Allow' && one.Effect !== 'Deny') throw malformed('Missing required field Effect')
    if (list(one.Action).length === 0) throw malformed('Policy statement must contain actions.')
    if (trust !== (one.Principal !== undefined))
      throw malformed('Policy document should not specify a principal.')
    if (!trust && list(one.Resource).length === 0) throw malformed('Policy statement must contain resources.')
    if (one.Sid !== undefined) {
      if (!/^[A-Za-z0-9]*$/.test(one.Sid)) throw malformed('Statement IDs (SID) must be alpha-numeric.')
      if (ids.has(one.Sid)) throw malformed('Statement IDs (SID) in a single policy must be unique.')
      ids.add(one.Sid)
    }
    for (const [operator, keys] of Object.entries(one.Condition ?? {})) {
      if (operators[operator] === undefined) throw malformed(`Invalid Condition type : ${operator}.`)
      for (const values of Object.values(keys))
        if (operator.startsWith('Date') && list(values).some((at) => Number.isNaN(Date.parse(at))))
          throw malformed('The policy contains an invalid date.')
    }
  }
  return { Version: given.Version, Statement: statements }
}

/** IAM's verdict of several policies: an explicit denial goes before everything else. */
export const evaluate = (documents: readonly Document[], question: Question): 'allow' | 'deny' | 'none' => {
  const fitting = documents.flatMap(({ Statement }) => Statement).filter((one) => fits(one, question))
  if (fitting.some(({ Effect }) => Effect === 'Deny')) return 'deny'
  return fitting.length > 0 ? 'allow' : 'none'
}

/**
 * Whether a trust policy lets somebody take the role. `direct`: by naming him, and not his account.
 * @param who ARNs and names that the caller goes by, his account's root included
 */
export const trusts = (
  trust: Document,
  who: readonly string[],
  question: Question,
): { readonly allowed: boolean; readonly direct: boolean } => {
  const named = ({ Principal }: Statement): readonly string[] =>
    Principal === '*'
      ? who
      : Object.values(Principal ?? {})
          .flatMap((names) => list(names))
          .filter((one) => who.includes(one))
  const fitting = trust.Statement.filter(
    (one) => named(one).length > 0 && fits({ ...one, Resource: '*' }, question),
  )
  return {
    allowed: fitting.length > 0 && fitting.every(({ Effect }) => Effect === 'Allow'),
    direct: fitting.some((one) => named(one).some((name) => !name.endsWith(':root'))),
  }
}

const fits = (one: Statement, { action, resource, context }: Question): boolean =>
  list(one.Action).some((name) => like(name, action, false)) &&
  list(one.Resource).some((name) => like(name, resource, true)) &&
  Object.entries(one.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const had = context[key]
      return had !== undefined && list(wanted).some((value) => operators[operator]?.(had, value))
    }),
  )

const like = (pattern: string, text: string, cased: boolean): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    cased ? 's' : 'is',
  ).test(text)

const list = (texts: Texts | undefined): readonly string[] =>
  texts === undefined ? [] : typeof texts === 'string' ? [texts] : texts

const parsed = (text: string): Readonly<Record<string, unknown>> & { readonly Version: string } => {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('Syntax errors in policy.')
  }
}
