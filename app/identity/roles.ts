import { faultAt } from '../request/check-schema.ts'
import { parseDuration } from '../request/duration.ts'
import { type Fault, mostFaults, mostWorded, tidyFaults } from '../request/fault.ts'
import { listed } from '../request/listed.ts'
import { nearestAmong } from '../request/nearest.ts'
import type { ProviderName } from '../request/request.ts'
import type { YamlDocument } from '../request/yaml.ts'
import type { Group, Role } from './identity.ts'
import { type DataReading, dataReader, lineOf } from './read-data.ts'
import { rolesSchema } from './roles-schema.ts'

const read = dataReader(rolesSchema)

/** Reads `policies/data/roles.yaml`. With `groups`, an owner that is none of them is a fault. Never throws. */
export function readRoles(
  bytes: Uint8Array,
  file: string,
  groups?: readonly Group[],
): DataReading<readonly Role[]> {
  const { document, faults } = read(bytes, file)
  if (document === undefined || faults.length > 0) return { ok: false, faults }
  const { roles } = document.value as Checked
  const wrong = [...twice(roles, document), ...strangeOwners(roles, document, groups)]
  const value: Role[] = []
  for (const [i, { maxDuration, ...role }] of roles.entries()) {
    const duration = parseDuration(maxDuration)
    if (duration.ok) {
      const { cloudRole = role.role, offline = false, chain = false } = role
      value.push({ ...role, cloudRole, offline, chain, maxDurationSeconds: duration.seconds })
    } else {
      const message = `the duration ${maxDuration} ${duration.message}`
      wrong.push(faultAt(document, `/roles/${i}/maxDuration`, 'value', message, duration.remedy))
    }
  }
  return wrong.length > 0 ? { ok: false, faults: tidyFaults(wrong) } : { ok: true, value, document }
}

/** What the schema has made sure of. */
type Checked = { readonly roles: readonly CheckedRole[] }
type CheckedRole = {
  readonly provider: ProviderName
  readonly role: string
  readonly scopes: readonly string[]
  readonly cloudRole?: string
  readonly maxDuration: string
  readonly owners: readonly string[]
  readonly offline?: boolean
  readonly chain?: boolean
}

function twice(roles: readonly CheckedRole[], document: YamlDocument): readonly Fault[] {
  const first = new Map<string, number>()
  return roles.flatMap(({ provider, role }, i) => {
    const other = first.get(`${provider} ${role}`)
    if (other === undefined) {
      first.set(`${provider} ${role}`, i)
      return []
    }
    const message = `the role ${role} of ${provider} is on line ${lineOf(document, `/roles/${other}/role`)} too`
    return [faultAt(document, `/roles/${i}/role`, 'duplicate', message, 'list all its scopes in one entry')]
  })
}

function strangeOwners(
  roles: readonly CheckedRole[],
  document: YamlDocument,
  groups?: readonly Group[],
): readonly Fault[] {
  if (groups === undefined) return []
  const names = groups.map(({ name }) => name)
  const known = new Set(names)
  const near = nearestAmong(names)
  const some = listed(names)
  const wrong: Fault[] = []
  for (const [i, { owners }] of roles.entries()) {
    for (const [j, owner] of owners.entries()) {
      if (known.has(owner)) continue
      if (wrong.length === mostWorded) return wrong
      const meant = wrong.length < mostFaults ? near(owner) : undefined
      const remedy = meant === undefined ? `write one of ${some}` : `write ${meant}`
      const message = `groups.yaml has no group ${owner}`
      wrong.push(faultAt(document, `/roles/${i}/owners/${j}`, 'unknown_group', message, remedy))
    }
  }
  return wrong
}
