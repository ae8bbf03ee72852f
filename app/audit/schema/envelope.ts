import { eventTypes } from '../event.ts'
import { closed, count, draft, type EventSchema, flag, list, name, oneOf, schemaId, text } from './shape.ts'

const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const sha = { type: 'string', pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' }
const id = { type: 'string', pattern: '^req_[0-9A-HJKMNP-TV-Z]{26}$' }
const instant = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  format: 'date-time',
}
const person = closed({
  id: { description: 'Numeric GitHub id.', type: 'integer' },
  login: name('As it was then.'),
})

const failure = closed({
  kind: oneOf('`error`: it refuses, and would again. `trouble`: no answer.', 'error', 'trouble'),
  why: text('What went wrong.'),
})
const value = (fields: Parameters<typeof closed>[0], optional?: readonly string[]) => ({
  anyOf: [closed({ kind: { const: 'value' }, ...fields }, optional), failure],
})
const asked = (type: string, outcome: ReturnType<typeof value>, more: Parameters<typeof closed>[0] = {}) =>
  closed({
    policy: name('Its name.'),
    type: { const: type },
    ...more,
    input: { description: 'SHA-256 of the input, stored as evidence.', ...digest },
    wasm: { description: 'SHA-256 of the compiled policy.', ...digest },
    data: { description: 'SHA-256 of identities, roles and groups as RFC 8785.', ...digest },
    outcome,
  })
const required = {
  count: { description: 'How many people.', type: 'integer' },
  reason: text('Why, as the policy says it.'),
}
const strings = (description: string) => list(description, { type: 'string' })

/** What every event is, and the words that events share; `schemas/events/envelope.json` is this object. */
export const envelopeSchema: EventSchema = {
  $schema: draft,
  $id: schemaId('envelope'),
  title: 'Event',
  description: 'One line of the ledger: what its RFC 8785 bytes say, and nothing else.',
  ...closed(
    {
      v: { description: 'The version of this format.', const: 1 },
      type: { description: 'What happened.', enum: eventTypes },
      at: {
        description:
          'When, by the clock of whoever staged it, a moment before its seal: RFC 3339, milliseconds, UTC.',
        $ref: '#/$defs/instant',
      },
      actor: {
        description: 'Who did it.',
        ...closed(
          {
            kind: oneOf('What kind of actor.', 'user', 'app', 'system', 'database'),
            id: name("A user's numeric GitHub id in decimal; a component's or a role's name."),
            login: name("A user's login then."),
          },
          ['login'],
        ),
        anyOf: [
          { properties: { kind: { const: 'user' }, id: { pattern: '^\\d+$' } } },
          { properties: { kind: { enum: ['app', 'system', 'database'] } } },
        ],
      },
      request: { description: 'The request it is about.', $ref: '#/$defs/id' },
      grant: { description: 'The grant it is about; it has the same id.', $ref: '#/$defs/id' },
      repo: count("The access repository's numeric id.", 1),
      pull: count('The pull request; 0 where there was none.'),
      commit: { description: 'The commit it is about: the head, or the merge.', $ref: '#/$defs/sha' },
      data: { description: 'What this type says.', type: 'object' },
    },
    ['request', 'grant', 'repo', 'pull', 'commit'],
  ),
  $defs: {
    digest,
    sha,
    id,
    instant,
    person,
    signature: closed({
      key: name('Which key.'),
      value: { description: 'Ed25519, base64.', type: 'string', pattern: '^[A-Za-z0-9+/]{86}==$' },
    }),
    terms: closed({
      tier: oneOf('The strictest tier of the policies that apply.', 'auto', 'human', 'none'),
      asks: strings('Each requirement, without who belongs to a group.'),
      met: flag('Whether the request had all that is asked for.'),
    }),
    evaluation: {
      oneOf: [
        asked(
          'eligibility',
          value({
            allow: flag('Whether it allows.'),
            reason: text('Why, as the policy says it.'),
            deny: strings('What it denies for.'),
            allowBreakGlass: flag('4.3'),
            allowOnBehalfOf: flag('4.3'),
          }),
        ),
        asked(
          'approval',
          value(
            {
              applies: flag('Whether it applies to the request.'),
              tier: text('As the policy wrote it.'),
              required: list('Whom it asks for.', {
                anyOf: [
                  closed({ group: text('The group.'), ...required }),
                  closed({ users: strings('Logins.'), ...required }),
                ],
              }),
              approverGroup: text('The one group it asks for.'),
              deny: strings('What it denies for.'),
            },
            ['required', 'approverGroup'],
          ),
        ),
        asked('approval', value({ allow: flag('Whether this reviewer may approve.') }), {
          reviewer: { description: "The reviewer's numeric GitHub id.", type: 'integer' },
        }),
      ],
    },
  },
}
