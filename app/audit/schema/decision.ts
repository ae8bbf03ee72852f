import { a, closed, list, name, oneOf, orNull, type Schema, text } from './shape.ts'

export const path = name('The request file.')
export const signature = a('signature', "gitsudo's signature over the event without it.")
export const approvedBy = list('Who approved, and counted.', a('person', 'A person.'))
export const decidedAt = a('instant', 'The moment of the decision, which its policies saw as now.')

export const grounds = a('digest', 'SHA-256 of the facts it was made of, stored as evidence.')
export const evidence = list('SHA-256 of everything stored that it rests on.', a('digest', 'One of them.'))

/** What a decision on a request says, with the digests that let it be replayed. */
export const decisionFields: Readonly<Record<string, Schema>> = {
  path,
  blob: a('sha', 'Its blob.'),
  moment: oneOf('While open, at the merge, or at a later start.', 'forecast', 'merge', 'start'),
  decided_at: decidedAt,
  verdict: oneOf('What came out.', 'passed', 'action_required', 'denied', 'not_yet'),
  summary: text('Why, in one sentence.'),
  policy_commit: orNull(a('sha', 'The accepted policy commit.')),
  approved_by: approvedBy,
  asked: {
    description: 'What the request asks for; not there where its file cannot be read.',
    ...closed({
      requester: name('Who gets the access.'),
      provider: name('The cloud.'),
      role: name('The role.'),
      scope: name('Where.'),
      reason: text('Why.'),
    }),
  },
  terms: orNull(a('terms', 'Which approvals were asked for; null: the policies were not asked.')),
  facts: grounds,
  result: a('digest', "SHA-256 of the decision's RFC 8785 bytes."),
  evaluations: list('Every policy that was asked, and what it said.', a('evaluation', 'One question.')),
  overridden: list('Policies that two administrators had disabled.', { type: 'string' }),
  revoked: {
    description: 'Who took the request back before it was granted; not there where nobody did.',
    ...closed({ by: name('Login, or id where there is none.'), why: text('By what, or in whose words.') }),
  },
  evidence,
}
export const optionalInDecision: readonly string[] = ['asked', 'overridden', 'revoked']
const whole = Object.keys(decisionFields).filter((field) => !optionalInDecision.includes(field))

/** Where one field of a decision is, all are; which file it was about can be known without one. */
export const allOrNone = (fields: readonly string[], others = fields) =>
  Object.fromEntries(others.map((field) => [field, fields]))
export const wholeDecision = allOrNone(
  whole,
  whole.filter((field) => field !== 'path' && field !== 'blob'),
)
