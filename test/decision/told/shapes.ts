import type { Facts, RequestFacts } from '../../../app/decision/facts.ts'
import {
  access,
  approval,
  group,
  hour,
  merged,
  open,
  type Patch,
  patched,
  path,
  policies,
  request,
} from '../fixture.ts'
export const day = 24 * hour
export const of = (patch: Patch, base: Facts = open): Facts => patched(base, patch)
export const start: Facts = { ...merged, moment: 'start' }
export const at = (name: string) => `requests/2026/12/${name}.yaml`
export const added = (name: string) => ({ path: at(name), kind: 'added' as const, mode: '100644' })
/** Two requests, of which the second is as told. */
export const two = (more: Partial<RequestFacts>, base: Facts = open): Facts => {
  const [first = request] = base.requests
  const second = { ...first, id: 'req_second' as const, path: at('second'), ...more }
  const reviews = base.reviews.map((one) => ({
    ...one,
    blobs: { ...one.blobs, [at('second')]: request.blob },
  }))
  return { ...base, reviews, changes: [...base.changes, added('second')], requests: [second, first] }
}
/** Of three, two are as told. */
export const three = (more: Partial<RequestFacts>): Facts => {
  const facts = two(more)
  const [second = request] = facts.requests
  const third = { ...second, id: 'req_third' as const, path: at('third') }
  return { ...facts, changes: [...facts.changes, added('third')], requests: [...facts.requests, third] }
}
export const fault = (line: number) => ({
  file: path,
  line,
  column: 1,
  code: 'value' as const,
  message: `fault ${line}`,
  remedy: `mend ${line}`,
})
export const role = { ...request.role, scopes: [access.scope] } as Extract<
  RequestFacts['role'],
  { role: string }
>
export const strict = { ...policies, approval: [approval('production', { required: [group('security')] })] }
export const auto = { ...policies, approval: [approval('low', { tier: 'auto' })] }
export const crowd = Array.from({ length: 25 }, (_, id) => ({ id: 100 + id, login: `member-${id}` }))
export const changes = (...more: Facts['changes']): Facts =>
  of({ facts: { changes: [...open.changes, ...more] } })
export const bare = (...list: Facts['changes']): Facts =>
  of({ facts: { changes: list, requests: [], reviews: [] } })

export const idle = bare({ path: 'README.md', kind: 'changed', mode: '100644' })
