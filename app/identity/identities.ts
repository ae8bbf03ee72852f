import { faultAt } from '../request/check-schema.ts'
import { type Fault, tidyFaults } from '../request/fault.ts'
import type { ProviderName } from '../request/request.ts'
import type { YamlDocument } from '../request/yaml.ts'
import { noreplyAddress } from './address.ts'
import { identitiesSchema } from './identities-schema.ts'
import type { Identity, TrustTier } from './identity.ts'
import { canonicalPrincipal } from './principal.ts'
import { type DataReading, dataReader, lineOf } from './read-data.ts'

const read = dataReader(identitiesSchema)

/** Reads `policies/data/identities.yaml`. Whatever names a person must name one only. Never throws. */
export function readIdentities(bytes: Uint8Array, file: string): DataReading<readonly Identity[]> {
  const { document, faults } = read(bytes, file)
  if (document === undefined || faults.length > 0) return { ok: false, faults }
  const { identities } = document.value as Checked
  const people = Object.entries(identities).map(([login, person]) => toIdentity(login, person))
  const twice = [...duplicates(people, document), ...strangeAddresses(people, document)]
  return twice.length > 0 ? { ok: false, faults: tidyFaults(twice) } : { ok: true, value: people, document }
}

/** What the schema has made sure of. */
type Checked = { readonly identities: Readonly<Record<string, CheckedPerson>> }
type CheckedPerson = {
  readonly id: number
  readonly trustTier: TrustTier
  readonly blocked?: boolean
  readonly emails?: readonly string[]
  readonly oidc?: Identity['oidc']
  readonly certificateSans?: readonly string[]
  readonly principals?: Readonly<Partial<Record<ProviderName, readonly string[]>>>
}

function toIdentity(login: string, person: CheckedPerson): Identity {
  const {
    id,
    trustTier,
    blocked = false,
    emails = [],
    oidc = [],
    certificateSans = [],
    principals = {},
  } = person
  return { login, id, trustTier, blocked, emails, oidc, certificateSans, principals }
}

/** Everything that names a person: what it is, the text that must be one person's, where it stands. */
function* names(
  person: Identity,
): Generator<readonly [what: string, key: string, shown: string, pointer: string]> {
  const at = `/identities/${person.login}`
  // GitHub takes logins, and mail systems addresses, in any case.
  const fold = (text: string) => text.toLowerCase()
  yield ['login', fold(person.login), person.login, at]
  yield ['id', String(person.id), String(person.id), `${at}/id`]
  for (const [i, email] of person.emails.entries()) yield ['address', fold(email), email, `${at}/emails/${i}`]
  for (const [i, { issuer, sub }] of person.oidc.entries()) {
    yield ['OIDC subject', JSON.stringify([issuer, sub]), sub, `${at}/oidc/${i}`]
  }
  for (const [i, san] of person.certificateSans.entries()) {
    yield ['certificate name', fold(san), san, `${at}/certificateSans/${i}`]
  }
  for (const [provider, principals] of Object.entries(person.principals)) {
    for (const [i, principal] of principals.entries()) {
      const key = canonicalPrincipal(provider, principal)
      yield [`${provider} principal`, key, principal, `${at}/principals/${provider}/${i}`]
    }
  }
}

function duplicates(people: readonly Identity[], document: YamlDocument): readonly Fault[] {
  const first = new Map<string, { readonly login: string; readonly pointer: string }>()
  const faults: Fault[] = []
  for (const person of people) {
    for (const [what, key, shown, pointer] of names(person)) {
      const other = first.get(`${what} ${key}`)
      if (other === undefined) first.set(`${what} ${key}`, { login: person.login, pointer })
      else if (other.login !== person.login) {
        const where = `${other.login}'s too, on line ${lineOf(document, other.pointer)}`
        const remedy = 'leave it with the person it belongs to'
        faults.push(
          faultAt(
            document,
            pointer,
            'duplicate',
            `the ${what} ${shown} is ${where}`,
            remedy,
            what === 'login',
          ),
        )
      }
    }
  }
  return faults
}

/** GitHub's own addresses carry the number of their account, which is believed before any list. */
function strangeAddresses(people: readonly Identity[], document: YamlDocument): readonly Fault[] {
  return people.flatMap(({ login, id, emails }) =>
    emails.flatMap((email, i) => {
      const owner = noreplyAddress(email)
      if (owner === undefined || owner.id === id) return []
      const message = `the address ${email} is the account ${owner.id}'s, and ${login} is ${id}`
      return [faultAt(document, `/identities/${login}/emails/${i}`, 'value', message, 'remove the address')]
    }),
  )
}
