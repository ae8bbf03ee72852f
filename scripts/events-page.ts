import { eventSchemas, sharedSchema } from '../app/audit/event-schemas.ts'
import { decisionFields, optionalInDecision } from '../app/audit/schema/decision.ts'
import { closed, type Schema } from '../app/audit/schema/shape.ts'

const beginning = `# Events

What the ledger holds: one event a line, each the RFC 8785 bytes of a JSON object. Every event has the fields of the
envelope; \`data\` is its type's own. \`schemas/events/\` describes both as JSON Schema (2020-12), one file a type, strictly:
what gitsudo seals fits its schema or is not sealed. Fields with a question mark are not always there.

A decision carries what lets \`gitsudo policy replay\` make it again: the request's blob, the policy commit, and of each
policy that was asked its input, compiled policy and data by SHA-256, with the result. What is neither in Git nor in the
event (who belonged to a team, which grants there were) is evidence, stored once under its SHA-256 and named in
\`data.evidence\`.
`

type Shape = {
  readonly title?: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Shape>>
}

/** docs/events.md, written from the schemas. */
export function eventsPage(): string {
  const types = Object.values<Schema>(eventSchemas)
  const rows = types.map(
    ({ title, description, properties }: Shape) =>
      `| [\`${title}\`](#${title?.replace('.', '')}) | ${description} | ${properties?.actor?.description} |\n`,
  )
  const sections = types.map(({ title, required = [], properties }: Shape) => {
    const about = required.map((field) => `\`${field}\``).join(', ')
    return `### ${title}\n\n${about === '' ? '' : `Always with ${about}.\n\n`}${data(properties?.data ?? {})}`
  })
  return `${beginning}
## Types

| type | when | by |
| --- | --- | --- |
${rows.join('')}
## Envelope

${table(sharedSchema)}
## Decision

${table(closed(decisionFields, optionalInDecision))}
${sections.join('\n')}`
}

function data({ required = [], properties = {} }: Shape): string {
  if (properties.result === undefined || properties.evaluations === undefined)
    return table({ required, properties })
  const own = Object.fromEntries(Object.entries(properties).filter(([name]) => !(name in decisionFields)))
  const whole = required.includes('result') ? 'A decision' : 'A decision, all of it or (for some) nothing'
  return Object.keys(own).length === 0
    ? `${whole}.\n`
    : `${whole}, and:\n\n${table({ required, properties: own })}`
}

function table(shape: Schema): string {
  const { required = [], properties = {} }: Shape = shape
  const rows = Object.entries(properties).map(
    ([name, field]) => `| \`${name}\`${required.includes(name) ? '' : '?'} | ${field.description} |\n`,
  )
  return `| field | what it says |\n| --- | --- |\n${rows.join('')}`
}
