import type { Fault } from '../request/fault.ts'
import type { ProviderName } from '../request/request.ts'
import type { YamlDocument } from '../request/yaml.ts'
import { noreplyAddress } from './address.ts'
import { readGroups } from './groups.ts'
import { readIdentities } from './identities.ts'
import type { Group, Identity, Role } from './identity.ts'
import { canonicalPrincipal } from './principal.ts'
import { lineOf } from './read-data.ts'
import { readRoles } from './roles.ts'

export const identitiesFile = 'policies/data/identities.yaml'
export const groupsFile = 'policies/data/groups.yaml'
export const rolesFile = 'policies/data/roles.yaml'

/** Who is who, and what can be asked for, at one accepted policy commit. */
export type Directory = {
  /** Everyone in the file, blocked people included. */
  readonly identities: readonly Identity[]
  /** Blocked people are members of nothing. */
  readonly groups: readonly Group[]
  readonly roles: readonly Role[]
  /** By GitHub's numeric id; blocked people too, so that what they did still counts against them. */
  byId(id: number): Identity | undefined
  /** By login in any case; undefined for blocked people, who can be named for nothing. */
  byLogin(login: string): Identity | undefined
  /**
   * Whose address this is (trust.md 2.8): by GitHub's private address its number says, else by `emails`. A
   * numbered account need not be in the file. Blocked people too.
   */
  byEmail(address: string): { readonly id: number; readonly login: string } | undefined
  byOidc(issuer: string, sub: string): Identity | undefined
  byCertificateSan(san: string): Identity | undefined
  /** The person with this login and this numeric id, both (trust.md 6.16), or what to mend where. */
  person(login: string, id: number): PersonAnswer
  /** Who the person is in that cloud: the first principal listed. */
  principal(identity: Identity, provider: ProviderName): string | undefined
  /** `provider:principal`, all of them, in canonical form: to compare people by. */
  principalsOf(identity: Identity): readonly string[]
  role(provider: ProviderName, role: string): Role | undefined
}

export type PersonAnswer =
  | { readonly ok: true; readonly identity: Identity }
  | {
      readonly ok: false
      readonly code: 'unknown' | 'mismatch' | 'blocked'
      readonly file: string
      /** Where the entry is, or the line it goes after. */
      readonly line: number
      readonly message: string
      readonly remedy: string
    }

/**
 * Reads the three data files of a commit from `files`, path → bytes. Every fault of all three is reported,
 * with those between them (a member who is nobody, an owner that is no group) where both could be read.
 */
export function readDirectory(
  files: ReadonlyMap<string, Uint8Array>,
):
  | { readonly ok: true; readonly directory: Directory }
  | { readonly ok: false; readonly faults: readonly Fault[] } {
  const bytes = (file: string) => files.get(file) ?? new Uint8Array()
  const identities = readIdentities(bytes(identitiesFile), identitiesFile)
  const groups = readGroups(bytes(groupsFile), groupsFile, identities.ok ? identities.value : undefined)
  const roles = readRoles(bytes(rolesFile), rolesFile, groups.ok ? groups.value : undefined)
  if (identities.ok && groups.ok && roles.ok) {
    return {
      ok: true,
      directory: createDirectory(identities.value, groups.value, roles.value, identities.document),
    }
  }
  const faults = [identities, groups, roles].flatMap((reading, i) => {
    if (reading.ok) return []
    const file = [identitiesFile, groupsFile, rolesFile][i] ?? ''
    if (files.has(file)) return reading.faults
    return [
      {
        file,
        line: 1,
        column: 1,
        code: 'missing' as const,
        message: 'the file is missing',
        remedy: 'add it',
      },
    ]
  })
  return { ok: false, faults }
}

function createDirectory(
  identities: readonly Identity[],
  groups: readonly Group[],
  roles: readonly Role[],
  document: YamlDocument,
): Directory {
  const index = <T>(pairs: readonly (readonly [string, T])[]) => new Map(pairs)
  const ids = new Map(identities.map((person) => [person.id, person]))
  const logins = index(identities.map((person) => [person.login.toLowerCase(), person]))
  const emails = index(
    identities.flatMap((person) => person.emails.map((email) => [email.toLowerCase(), person])),
  )
  const subjects = index(
    identities.flatMap((person) => person.oidc.map((at) => [subject(at.issuer, at.sub), person])),
  )
  const sans = index(
    identities.flatMap((person) => person.certificateSans.map((san) => [san.toLowerCase(), person])),
  )
  const catalogue = index(roles.map((role) => [`${role.provider} ${role.role}`, role]))
  const blocked = new Set(identities.filter((person) => person.blocked).map(({ login }) => login))
  const active = (person: Identity | undefined) => (person?.blocked === false ? person : undefined)
  return {
    identities,
    groups: groups.map((group) =>
      'team' in group ? group : { ...group, members: group.members.filter((login) => !blocked.has(login)) },
    ),
    roles,
    byId: (id) => ids.get(id),
    byLogin: (login) => active(logins.get(login.toLowerCase())),
    byEmail(address) {
      const numbered = noreplyAddress(address)
      if (numbered !== undefined) return ids.get(numbered.id) ?? numbered
      return emails.get(address.toLowerCase())
    },
    byOidc: (issuer, sub) => active(subjects.get(subject(issuer, sub))),
    byCertificateSan: (san) => active(sans.get(san.toLowerCase())),
    person(login, id) {
      const named = logins.get(login.toLowerCase())
      const numbered = ids.get(id)
      if (named !== undefined && named === numbered && !named.blocked) return { ok: true, identity: named }
      return { ok: false, ...stranger(login, id, named, numbered, document) }
    },
    principal: (identity, provider) => identity.principals[provider]?.[0],
    principalsOf: ({ principals }) =>
      Object.entries(principals).flatMap(([provider, names]) =>
        names.map((name) => `${provider}:${canonicalPrincipal(provider, name)}`),
      ),
    role: (provider, role) => catalogue.get(`${provider} ${role}`),
  }
}

function subject(issuer: string, sub: string): string {
  return JSON.stringify([issuer, sub])
}

function stranger(
  login: string,
  id: number,
  named: Identity | undefined,
  numbered: Identity | undefined,
  document: YamlDocument,
): Omit<Extract<PersonAnswer, { ok: false }>, 'ok'> {
  const { file } = document
  const lineFor = (person: Identity) => lineOf(document, `/identities/${person.login}`)
  if (named !== undefined && named === numbered) {
    const line = lineFor(named)
    const remedy = `set blocked: false on their entry, ${file}:${line}, if that has ended`
    return { code: 'blocked', file, line, message: `${login} is blocked in ${file}`, remedy }
  }
  if (named !== undefined) {
    const line = lineFor(named)
    const message = `${login} is the account ${id} on GitHub, but ${named.id} in ${file}: the login has a new owner`
    return {
      code: 'mismatch',
      file,
      line,
      message,
      remedy: `mend the id on ${file}:${line} if it is the same person`,
    }
  }
  if (numbered !== undefined) {
    const line = lineFor(numbered)
    const message = `the account ${id} is ${login} on GitHub, but ${numbered.login} in ${file}`
    return {
      code: 'mismatch',
      file,
      line,
      message,
      remedy: `rename the entry on ${file}:${line} to ${login}`,
    }
  }
  const line = document.places.get('/identities')?.value.endLine ?? 1
  const remedy = `after ${file}:${line} add \`  ${login}: { id: ${id}, trustTier: 1 }\``
  return { code: 'unknown', file, line, message: `${file} has no ${login} (${id})`, remedy }
}
