import { faultAt } from '../request/check-schema.ts'
import { type Fault, type FaultCode, mostFaults, mostWorded, tidyFaults } from '../request/fault.ts'
import { nearestAmong } from '../request/nearest.ts'
import { groupsSchema } from './groups-schema.ts'
import type { Group, Identity } from './identity.ts'
import { type DataReading, dataReader } from './read-data.ts'

const read = dataReader(groupsSchema)

/**
 * Reads `policies/data/groups.yaml`. With `people`, a member who is none of them is a fault; logins come out
 * as `people` spells them. Never throws.
 */
export function readGroups(
  bytes: Uint8Array,
  file: string,
  people?: readonly Identity[],
): DataReading<readonly Group[]> {
  const { document, faults } = read(bytes, file)
  if (document === undefined || faults.length > 0) return { ok: false, faults }
  const { groups } = document.value as Checked
  const logins = people && new Map(people.map(({ login }) => [login.toLowerCase(), login]))
  const near = nearestAmong([...(logins?.values() ?? [])])
  const wrong: Fault[] = []
  for (const [name, { members = [] }] of Object.entries(groups)) {
    const seen = new Set<string>()
    for (const [i, login] of members.entries()) {
      if (wrong.length === mostWorded) break
      const folded = login.toLowerCase()
      const fault = (code: FaultCode, message: string, remedy: string) =>
        wrong.push(faultAt(document, `/groups/${name}/members/${i}`, code, message, remedy))
      if (seen.has(folded)) fault('duplicate', `${login} is in ${name} twice`, 'remove one of the two')
      else if (logins !== undefined && !logins.has(folded)) {
        const meant = wrong.length < mostFaults ? near(login) : undefined
        const remedy = `${meant === undefined ? '' : `write ${meant}, or `}add ${login} to identities.yaml`
        fault('unknown_login', `identities.yaml has no ${login}`, remedy)
      }
      seen.add(folded)
    }
  }
  if (wrong.length > 0) return { ok: false, faults: tidyFaults(wrong) }
  const value = Object.entries(groups).map(([name, { members = [], team }]): Group => {
    if (team !== undefined) return { name, team }
    return { name, members: members.map((login) => logins?.get(login.toLowerCase()) ?? login) }
  })
  return { ok: true, value, document }
}

/** What the schema has made sure of: one of the two is there. */
type Checked = {
  readonly groups: Readonly<Record<string, { readonly members?: readonly string[]; readonly team?: string }>>
}
