import { nearest } from '../request/nearest.ts'
import { groupsSchema } from './groups-schema.ts'
import type { Group, Identity } from './identity.ts'
import { type DataReading, dataReader, faultAt } from './read-data.ts'

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
  const wrong = Object.entries(groups).flatMap(([name, { members = [] }]) =>
    members.flatMap((login, i) => {
      const pointer = `/groups/${name}/members/${i}`
      const twice = members.findIndex((other) => other.toLowerCase() === login.toLowerCase()) < i
      if (twice)
        return [
          faultAt(document, pointer, 'duplicate', `${login} is in ${name} twice`, 'remove one of the two'),
        ]
      if (logins === undefined || logins.has(login.toLowerCase())) return []
      const meant = nearest(login, [...logins.values()])
      const remedy = `${meant === undefined ? '' : `write ${meant}, or `}add ${login} to identities.yaml`
      return [faultAt(document, pointer, 'unknown_login', `identities.yaml has no ${login}`, remedy)]
    }),
  )
  if (wrong.length > 0) return { ok: false, faults: wrong }
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
