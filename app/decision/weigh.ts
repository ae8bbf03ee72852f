import { listed } from '../request/listed.ts'
import type { Requirement, RuleNode } from './decision.ts'
import type { Facts, PersonFact } from './facts.ts'
import { assign } from './match.ts'
import { byId } from './order.ts'
import type { Unassigned } from './requirements.ts'
import { barred, type Subject, type Voice, voicesOn } from './reviews.ts'
import { awaited, rule, shown } from './rule.ts'

export type Weighed = {
  readonly nodes: readonly RuleNode[]
  readonly requirements: readonly Requirement[]
  readonly approvedBy: readonly PersonFact[]
  readonly deniedBy?: PersonFact
}

/** Whose reviews of a subject meet what is asked for, and who is against it (trust.md 2). */
export const weigh = (facts: Facts, subject: Subject, wanted: readonly Unassigned[]): Weighed => {
  const { moment } = facts
  const nodes: RuleNode[] = []
  const { voices, strangers } = voicesOn(facts, subject)
  const unresolved = facts.contributors.flatMap((one) => ('unresolved' in one ? [one] : []))
  if (unresolved.length > 0) {
    const names = listed([...new Set(unresolved.map((one) => one.unresolved))].sort())
    nodes.push(
      rule(
        '2.8',
        'Everybody who worked on this is known',
        awaited(moment),
        'everybody who worked on this pull request to be known',
        `no approval counts: ${names} belongs to nobody known`,
        {
          remedy: listed([...new Set(unresolved.map((one) => one.remedy))].sort()),
        },
      ),
    )
  }
  const seats = wanted.map(({ count, eligible }) => ({
    count,
    eligible: new Set(eligible.map(({ id }) => id)),
  }))
  const asked = (person: PersonFact) => seats.some(({ eligible }) => eligible.has(person.id))
  const heard = voices
    .filter(({ says }) => says === 'approves' && unresolved.length === 0)
    .map(({ person }) => person)
  const unheard = voices
    .filter(({ says, person }) => says === 'unheard' && asked(person))
    .map(({ person }) => person)
  const seated = assign(seats, ids(heard))
  const hoped = unresolved.length > 0 ? seated : assign(seats, ids([...heard, ...unheard]))
  const people = new Map(heard.map((person) => [person.id, person]))
  const never = barred(facts, subject)

  const spent = voices.flatMap(({ person, again }) =>
    again === undefined ? [] : [{ id: person.id, review: again }],
  )
  const requirements = wanted.map(({ asks: _, awaited: __, ...one }, index): Requirement => {
    const eligible = one.eligible.filter(({ id }) => !never.has(id))
    const again = spent.filter(({ id }) => eligible.some((person) => person.id === id))
    return {
      ...one,
      label: shown(one.label),
      reason: shown(one.reason),
      eligible,
      metBy: (seated[index] ?? []).flatMap((id) => people.get(id) ?? []),
      ...(again.length === 0 ? {} : { again }),
    }
  })
  const missing = unheard.map(({ login }) => login)
  nodes.push(
    ...requirements.map((one, index) => requirementNode(one, (hoped[index] ?? []).length, missing, facts)),
  )

  const denials = voices.filter(({ says, person }) => says === 'denies' && asked(person))
  const [denial] = denials.toSorted((a, b) => a.submittedAt - b.submittedAt)
  nodes.push(
    noDenial(
      voices.filter(({ person }) => asked(person)),
      denials,
    ),
  )
  const shownReviews = [...voices.map((voice) => reviewNode(voice, asked(voice.person))), ...strangers]
  if (shownReviews.length > 0)
    nodes.push(
      rule('2', 'Reviews', 'met', 'every review weighed', String(shownReviews.length), {
        children: shownReviews,
      }),
    )

  return {
    nodes,
    requirements,
    approvedBy: requirements.flatMap(({ metBy }) => metBy).toSorted(byId),
    ...(denial === undefined ? {} : { deniedBy: denial.person }),
  }
}

const ids = (people: readonly PersonFact[]): readonly number[] => people.map(({ id }) => id)

const requirementNode = (
  one: Requirement,
  hoped: number,
  unheard: readonly string[],
  { moment }: Facts,
): RuleNode => {
  const { count, label, eligible, metBy, reason } = one
  const names = listed(eligible.map(({ login }) => login))
  const needed =
    label === names.replaceAll(', ', ' or ') || names === ''
      ? `${count} of ${label}`
      : `${count} of ${label}: ${names}`
  const title = reason === '' ? `Approval by ${label}` : `Approval by ${label}: ${reason}`
  const by = listed(metBy.map(({ login }) => login))
  if (metBy.length >= count) return rule('requirement', title, 'met', needed, by)
  if (hoped >= count) {
    return rule(
      'requirement',
      title,
      'unknown',
      needed,
      `a review of ${listed(unheard)} is not counted: its signed payload has not arrived or says something else`,
      {
        remedy: 'it is asked for again; a fresh review helps too',
      },
    )
  }
  const had =
    moment === 'forecast'
      ? by === ''
        ? 'nobody yet'
        : by
      : `merged with ${metBy.length} of the ${count} approvals that ${label} had to give`
  const few =
    eligible.length < count
      ? { remedy: `only ${eligible.length} of ${label} may approve this; ask a policy owner to name more` }
      : {}
  return rule('requirement', title, awaited(moment), needed, had, few)
}

const noDenial = (voices: readonly Voice[], denials: readonly Voice[]): RuleNode => {
  const title = 'Nobody who could approve asks for changes'
  const needed = 'no standing review that asks for changes'
  const deniers = listed(denials.map(({ person }) => person.login))
  if (denials.length > 0)
    return rule('2.4', title, 'unmet', needed, `denied by ${deniers}`, {
      remedy: `ask ${deniers} to review again`,
    })
  const unclear = voices.filter(({ says, against }) => says === 'unheard' && against)
  if (unclear.length > 0) {
    return rule(
      '2.1',
      title,
      'unknown',
      needed,
      `a review of ${listed(unclear.map(({ person }) => person.login))} may ask for changes; its signed payload has not arrived or says something else`,
    )
  }
  return rule('2.4', title, 'met', needed, 'none')
}

const reviewNode = ({ node, says, person }: Voice, asked: boolean): RuleNode =>
  says === 'nothing' || asked
    ? node
    : rule(
        '2.9',
        node.title,
        'unmet',
        'somebody who is asked',
        `${person.login} belongs to none of those who are asked`,
      )
