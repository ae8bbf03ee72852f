import { decisionFields, optionalInDecision, path, signature } from './decision.ts'
import {
  a,
  closed,
  count,
  eventSchema,
  flag,
  list,
  name,
  ofGrant,
  ofRequest,
  oneOf,
  orNull,
  text,
} from './shape.ts'

const gitsudo = { who: 'gitsudo.', kinds: ['app'] } as const
const decision = closed(decisionFields, optionalInDecision)

/** A request's life up to its merge, and what comes after break-glass. */
export const requestSchemas = {
  'request.created': eventSchema('request.created', {
    when: 'A request was seen for the first time, or its pull request was opened again.',
    by: { who: "The pull request's author.", kinds: ['user'] },
    about: ofRequest,
    data: closed({
      path,
      blob: a('sha', 'Its blob.'),
      requester: orNull(name('Who gets the access; null, as below, where the file does not say it.')),
      provider: orNull(name('The cloud.')),
      role: orNull(name('The role.')),
      scope: orNull(name('Where.')),
      duration_seconds: orNull(count('For how long.')),
      reason: orNull(text('Why.')),
    }),
  }),
  'request.evaluated': eventSchema('request.evaluated', {
    when: 'A decision said something that the one before it did not.',
    by: gitsudo,
    about: ofRequest,
    data: closed({ ...decisionFields, sig: signature }, optionalInDecision),
  }),
  'request.approved': eventSchema('request.approved', {
    when: 'The decision passed.',
    by: gitsudo,
    about: ofRequest,
    data: decision,
  }),
  'request.denied': eventSchema('request.denied', {
    when: 'The decision was no.',
    by: { who: 'The reviewer who said no; gitsudo where a rule did.', kinds: ['user', 'app'] },
    about: ofRequest,
    data: decision,
  }),
  'request.cancelled': eventSchema('request.cancelled', {
    when: 'The pull request was closed unmerged, the file left it, or it came to add too many files.',
    by: gitsudo,
    about: ofRequest,
    data: closed({
      path,
      why: oneOf(
        'Which of the three.',
        'closed unmerged',
        'file removed from the pull request',
        'too many files in the pull request',
      ),
    }),
  }),
  'request.lapsed': eventSchema('request.lapsed', {
    when: 'It was open longer than `pendingTtl`.',
    by: gitsudo,
    about: ofRequest,
    data: closed({ path, opened_at: a('instant', 'Since when it was open.') }),
  }),
  'breakglass.invoked': eventSchema('breakglass.invoked', {
    when: 'A request was granted without approval in an emergency (anchored at once).',
    by: { who: 'The requester.', kinds: ['user'] },
    about: ofRequest,
    data: closed(
      {
        ...decisionFields,
        break_glass: { description: 'For whoever searches.', const: true },
        reason: name('Why, as the request says it.'),
        offline: flag('Whether GitHub was away, and the pull request is written afterwards.'),
        authenticated_by: list('Who logged in for it.', a('person', 'A person.')),
        review_by: a('instant', 'Until when it has to be reviewed.'),
        reviewers: list('Who may review it: requirements, as in `terms`.', { type: 'string' }),
        sig: signature,
      },
      optionalInDecision,
    ),
  }),
  'breakglass.reviewed': eventSchema('breakglass.reviewed', {
    when: 'Somebody named for it looked at a break-glass afterwards.',
    by: { who: 'The reviewer.', kinds: ['user'] },
    about: ofGrant,
    data: closed({
      verdict: oneOf('What came out.', 'justified', 'not justified'),
      why: text('In the words of the reviewer.'),
      issue: count('The issue in which it was owed.', 1),
      overdue: flag('Whether it came after `review_by`.'),
      sig: signature,
    }),
  }),
}
