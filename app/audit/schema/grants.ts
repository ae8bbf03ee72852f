import { allOrNone, decisionFields, path, signature, wholeDecision } from './decision.ts'
import {
  a,
  closed,
  count,
  eventSchema,
  flag,
  list,
  name,
  ofGrant,
  oneOf,
  type Schema,
  text,
} from './shape.ts'

const gitsudo = { who: 'gitsudo.', kinds: ['app'] } as const
const why = text('Why.')
const told = closed({ why, sig: signature })
const terms: Readonly<Record<string, Schema>> = {
  path,
  blob: a('sha', 'Its blob, as approved.'),
  requester: a('person', 'Who gets the access.'),
  principal: name('Who that is in the cloud.'),
  provider: name('The cloud.'),
  role: name('The role.'),
  cloud_role: name("The cloud's name of the role."),
  scope: name('Where.'),
  chain: { description: 'Its sessions may assume further roles.', const: true },
  auto: { description: 'The policies asked for no approver.', const: true },
  reason: text('Why.'),
  metadata: {
    description: "The request's, where there is any.",
    type: 'object',
    additionalProperties: { type: 'string' },
  },
  starts_at: a('instant', 'From when on.'),
}
const sometimes = ['metadata', 'chain', 'auto']
const ended = (...causes: readonly string[]) =>
  closed(
    {
      cause: oneOf('How it ended.', ...causes),
      gone_at: a('instant', 'The first absent read-back.'),
      may_last_until: a('instant', 'What was begun with the access may go on until then, at most.'),
      kept_for: list('Grants that still use the same binding.', a('id', 'One of them.')),
      sig: signature,
    },
    ['may_last_until', 'kept_for'],
  )
const stray = ['finding', 'provider', 'handle', 'gone']
const intended = [...ofGrant, 'commit'] as const

/** A grant's life, and what is given for it. */
export const grantSchemas = {
  'grant.scheduled': eventSchema('grant.scheduled', {
    when: 'What was approved starts later.',
    by: gitsudo,
    about: intended,
    data: closed(
      { ...terms, duration_ms: count('For how long, from the start on.', 1), sig: signature },
      sometimes,
    ),
  }),
  'grant.intended': eventSchema('grant.intended', {
    when: 'Before a provider hears of a grant; `commit` is the merge.',
    by: gitsudo,
    about: intended,
    data: closed(
      {
        ...terms,
        configured: {
          description: "What its place is derived from, of the cloud's section in the configuration.",
          type: 'object',
          additionalProperties: { type: 'string' },
        },
        ends_at: a('instant', 'Its end, fixed here.'),
        sig: signature,
      },
      [...sometimes, 'configured'],
    ),
  }),
  'grant.observed': eventSchema('grant.observed', {
    when: "In a cloud without marks: nothing that is not gitsudo's was at the grant's place before the first write.",
    by: gitsudo,
    about: ofGrant,
    data: closed({ place: name("The cloud's name of the place."), sig: signature }),
  }),
  'grant.issued': eventSchema('grant.issued', {
    when: 'The provider was read back: the access is there.',
    by: gitsudo,
    about: ofGrant,
    data: closed(
      {
        handle: text("The provider's name of it."),
        without: list('What its sessions go without, because a trust policy on AWS does not allow it.', {
          type: 'string',
        }),
        ends_at: a('instant', 'Its end.'),
        sig: signature,
      },
      ['without'],
    ),
  }),
  'grant.refused': eventSchema('grant.refused', {
    when: 'Merged without a passing decision, too late, or on the branch without a pull request.',
    by: { who: 'Whoever merged; gitsudo where nobody did.', kinds: ['user', 'app'] },
    about: ['request', 'repo', 'pull'],
    data: {
      ...closed({ ...decisionFields, why, sig: signature }, [...Object.keys(decisionFields), 'sig']),
      dependentRequired: wholeDecision,
    },
  }),
  'grant.failed': eventSchema('grant.failed', {
    when: 'The provider refused for good, and nothing is there.',
    by: gitsudo,
    about: ofGrant,
    data: told,
  }),
  'grant.revoke_intended': eventSchema('grant.revoke_intended', {
    when: 'Before a grant is taken away ahead of its end.',
    by: { who: 'Whoever asked, or the part of gitsudo that did.', kinds: ['user', 'system', 'app'] },
    about: ofGrant,
    data: told,
  }),
  'grant.expired': eventSchema('grant.expired', {
    when: 'Its end came, and the access was read back absent.',
    by: gitsudo,
    about: ofGrant,
    data: ended('expired'),
  }),
  'grant.revoked': eventSchema('grant.revoked', {
    when: 'It was taken away before its end, and the access was read back absent.',
    by: gitsudo,
    about: ofGrant,
    data: ended('revoked', 'revoked externally'),
  }),
  'grant.quarantined': eventSchema('grant.quarantined', {
    when: 'A person must look.',
    by: gitsudo,
    about: ofGrant,
    data: told,
  }),
  'grant.drift': eventSchema('grant.drift', {
    when: "What the cloud holds differs from what was granted: without `finding`, a live grant's own binding gives more than it should; what is an orphan or resurrected is no grant's, and has `request`, `repo` and `pull` where it once was.",
    by: gitsudo,
    about: ['grant'],
    data: {
      ...closed(
        {
          why,
          finding: oneOf(
            'A binding with our mark: `orphan`, of no grant; `resurrected`, of one that is over, or sessions that are refused no more.',
            'orphan',
            'resurrected',
          ),
          provider: name('The cloud.'),
          handle: name("The provider's name of it."),
          gone: flag('Read back absent after it was taken away; until then it is found.'),
          sig: signature,
        },
        stray,
      ),
      dependentRequired: allOrNone(stray),
    },
  }),
  'credentials.issued': eventSchema('credentials.issued', {
    when: 'Before credentials leave.',
    by: { who: 'The requester, who gets them.', kinds: ['user'] },
    about: ofGrant,
    data: closed({
      session: name('Which session.'),
      not_after: a('instant', 'They do not outlive this.'),
      sig: signature,
    }),
  }),
}
