import type {
  ApprovalValue,
  EligibilityValue,
  EvaluationFailure,
  RequiredEntry,
  ReviewerResult,
} from './result.ts'

/** What is asked of a policy: one of its type's values, or an approval policy's word on one reviewer. */
export type Aspect = 'eligibility' | 'approval' | 'reviewer'
export type EvaluationValue =
  | EligibilityValue
  | ApprovalValue
  | Extract<ReviewerResult['outcome'], { kind: 'value' }>

/** A policy said something that its type does not know; fails closed (trust.md 4.1). */
class ShapeError extends Error {}

const mostEntries = 100
const longestText = 1000
const groupName = /^[^\s\p{C}]{1,100}$/u

/** The document of a policy's package as the value it stands for, or why it stands for none. */
export function readDocument(
  document: unknown,
  aspect: Aspect,
  hasAllow: boolean,
): EvaluationValue | EvaluationFailure {
  try {
    const rules = objectOf(given(document, {}), 'the package')
    if (aspect === 'reviewer') return { kind: 'value', allow: booleanOf(rules, 'allow', false) }
    return aspect === 'eligibility' ? eligibilityOf(rules) : approvalOf(rules, hasAllow)
  } catch (error) {
    if (error instanceof ShapeError) return { kind: 'error', why: error.message }
    throw error
  }
}

type Rules = Readonly<Record<string, unknown>>

const eligibilityOf = (rules: Rules): EligibilityValue => ({
  kind: 'value',
  allow: booleanOf(rules, 'allow', false),
  reason: textOf(given(rules.reason, ''), '`reason`'),
  deny: textsOf(given(rules.deny, []), '`deny`'),
  allowBreakGlass: booleanOf(rules, 'allow_break_glass', false),
  allowOnBehalfOf: booleanOf(rules, 'allow_on_behalf_of', false),
})

const approvalOf = (rules: Rules, hasAllow: boolean): ApprovalValue => {
  const group = rules.approver_group
  const value: ApprovalValue = {
    kind: 'value',
    applies: booleanOf(rules, 'applies', true),
    tier: textOf(given(rules.approver_tier, 'human'), '`approver_tier`'),
    ...(rules.required === undefined ? {} : { required: listOf(rules.required, '`required`').map(entryOf) }),
    ...(group === undefined ? {} : { approverGroup: nameOf(group, '`approver_group`') }),
    deny: textsOf(given(rules.deny, []), '`deny`'),
  }
  const asksNobody = value.required === undefined && value.approverGroup === undefined && !hasAllow
  if (value.applies && value.tier !== 'auto' && asksNobody) {
    throw new ShapeError('it wants a person but has none of `required`, `approver_group` and `allow`')
  }
  return value
}

const entryOf = (entry: unknown, index: number): RequiredEntry => {
  const where = `\`required\` entry ${index + 1}`
  const { group, users, count = 1, reason = '', ...rest } = objectOf(entry, where)
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined)
    throw new ShapeError(`${where} has a field ${JSON.stringify(unknown.slice(0, 40))} that nobody reads`)
  if ((group === undefined) === (users === undefined))
    throw new ShapeError(`${where} must have one of group and users`)
  if (typeof count !== 'number' || !Number.isSafeInteger(count))
    throw new ShapeError(`${where} has a count that is no whole number`)
  const common = { count, reason: textOf(reason, `${where}'s reason`) }
  if (group !== undefined) return { group: nameOf(group, `${where}'s group`), ...common }
  return {
    users: listOf(users, `${where}'s users`).map((user) => nameOf(user, `${where}'s user`)),
    ...common,
  }
}

/** A rule without a value takes the default; one whose value is null has a wrong one. */
const given = (value: unknown, otherwise: unknown): unknown => (value === undefined ? otherwise : value)

const objectOf = (value: unknown, name: string): Rules => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Rules
  throw new ShapeError(`${name} is ${kindOf(value)}; it must be an object`)
}

const booleanOf = (rules: Rules, rule: string, otherwise: boolean): boolean => {
  const value = given(rules[rule], otherwise)
  if (typeof value === 'boolean') return value
  throw new ShapeError(`\`${rule}\` is ${kindOf(value)}; it must be true or false`)
}

const textOf = (value: unknown, name: string): string => {
  if (typeof value !== 'string') throw new ShapeError(`${name} is ${kindOf(value)}; it must be a string`)
  if (value.length > longestText) throw new ShapeError(`${name} is longer than ${longestText} characters`)
  return value
}

const nameOf = (value: unknown, name: string): string => {
  const text = textOf(value, name)
  if (!groupName.test(text)) throw new ShapeError(`${name} is no name`)
  return text
}

/** A set and a list look alike here: wasm hands both over as a JSON array. */
const listOf = (value: unknown, name: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new ShapeError(`${name} is ${kindOf(value)}; it must be a set or a list`)
  if (value.length > mostEntries) throw new ShapeError(`${name} has more than ${mostEntries} entries`)
  return value
}

const textsOf = (value: unknown, name: string): readonly string[] =>
  listOf(value, name).map((item) => textOf(item, `an entry of ${name}`))

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
