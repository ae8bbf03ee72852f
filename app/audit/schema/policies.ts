import { allOrNone, approvedBy, decidedAt, evidence, grounds, signature } from './decision.ts'
import { a, closed, count, eventSchema, list, name, oneOf, orNull, type Schema, text } from './shape.ts'

const gitsudo = { who: 'gitsudo.', kinds: ['app'] } as const
const merger = { who: 'Whoever merged; gitsudo where nobody did.', kinds: ['user', 'app'] } as const
const why = text('Why.')
const changed = list('Paths that differ from the accepted policies, a hundred at most.', { type: 'string' })
const leftOut = count('How many more paths differ; absent: none.', 1)
const previous = a('sha', 'The accepted policy commit whose place it takes, or would have taken.')
/** What a decision on policies says. */
const verdict: Readonly<Record<string, Schema>> = {
  head: a('sha', 'The reviewed head.'),
  tree: orNull(a('sha', 'Tree hash of `policies/` there.')),
  approved_by: approvedBy,
  decided_at: decidedAt,
  facts: grounds,
  evidence,
  result: a('digest', "SHA-256 of the decision's RFC 8785 bytes."),
}
const people = list('The administrators.', a('person', 'A person.'))
const overridden = closed(
  {
    policy: name('Its name.'),
    phase: oneOf('What became of it.', 'asked', 'started', 'ended'),
    seconds: count('Asked for so long.', 1),
    until: a('instant', 'When it ends, or ended.'),
    by: people,
    sig: signature,
  },
  ['seconds', 'until', 'by'],
)

/** What becomes of `policies/`. */
export const policySchemas = {
  'policy.accepted': eventSchema('policy.accepted', {
    when: 'A change of `policies/` reached the branch and is in force from here on; `commit` is the merge.',
    by: merger,
    about: ['repo', 'pull', 'commit'],
    data: closed({ why, changed, changed_left_out: leftOut, previous, ...verdict, sig: signature }, [
      'changed_left_out',
    ]),
  }),
  'policy.refused': eventSchema('policy.refused', {
    when: 'A change of `policies/` reached the branch and is not in force.',
    by: merger,
    about: ['repo', 'commit'],
    data: {
      ...closed({ why, changed, changed_left_out: leftOut, previous, ...verdict, sig: signature }, [
        'changed_left_out',
        ...Object.keys(verdict),
      ]),
      dependentRequired: allOrNone(Object.keys(verdict)),
    },
  }),
  'policy.loaded': eventSchema('policy.loaded', {
    when: 'The policies of a commit were loaded.',
    by: gitsudo,
    about: ['repo', 'commit'],
    data: closed({
      data: a('digest', 'SHA-256 of identities, roles and groups as RFC 8785.'),
      policies: list(
        'Each policy.',
        closed({
          name: name('Its name.'),
          type: oneOf('What it is asked.', 'eligibility', 'approval'),
          wasm: a('digest', 'SHA-256 of it, compiled.'),
        }),
      ),
      sig: signature,
    }),
  }),
  'policy.overridden': eventSchema('policy.overridden', {
    when: 'An administrator asked to disable a policy, a second one started it, or it ended.',
    by: { who: 'The administrator; gitsudo where its time was over.', kinds: ['user', 'app'] },
    about: ['repo'],
    data: {
      ...overridden,
      oneOf: [
        { properties: { phase: { const: 'asked' }, until: false, by: false }, required: ['seconds'] },
        {
          properties: { phase: { enum: ['started', 'ended'] }, seconds: false },
          required: ['until', 'by'],
        },
      ],
    },
  }),
}
