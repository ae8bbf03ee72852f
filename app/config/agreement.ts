import type { ConfigFault } from './fault.ts'
import { isBare, isLoopback } from './loopback.ts'
import type { ConfigFile } from './schema.ts'

/** Faults that no single key shows: what must agree between keys. Sections that are out of shape are left out. */
export function disagreements(file: Partial<ConfigFile>, fileHasPassword: boolean): readonly ConfigFault[] {
  const faults: ConfigFault[] = []
  const names = new Map<string, number>()
  const ids = new Map<number, number>()
  for (const [index, repository] of (file.repositories ?? []).entries()) {
    const key = `repositories[${index}]`
    const name = repository.name.toLowerCase()
    if (names.has(name))
      faults.push({
        key: `${key}.name`,
        message: `is repositories[${names.get(name)}] again`,
        remedy: 'keep one of them',
      })
    if (ids.has(repository.id))
      faults.push({
        key: `${key}.id`,
        message: `is that of repositories[${ids.get(repository.id)}] too`,
        remedy: 'ask GitHub for the right one: GET /repos/OWNER/NAME',
      })
    names.set(name, index)
    ids.set(repository.id, index)
    const { ids: owners, count } = repository.policyOwners
    if (count > new Set(owners).size)
      faults.push({
        key: `${key}.policyOwners.count`,
        message: `asks for ${count} of ${new Set(owners).size} people`,
        remedy: 'lower it, or name more people in ids',
      })
    for (const provider of repository.providers)
      if (file.providers !== undefined && !Object.hasOwn(file.providers, provider))
        faults.push({
          key: `${key}.providers`,
          message: `names ${provider}, which is not configured`,
          remedy: `add ${provider} under providers, or remove it here`,
        })
  }
  if (file.anchorRepository !== undefined)
    faults.push(...anchorFaults(file.anchorRepository, file.repositories ?? []))
  const command = file.ledger?.witness_command?.[0]
  if (command !== undefined && !command.startsWith('/'))
    faults.push({
      key: 'ledger.witness_command',
      message: `begins with ${command}, which is no absolute path`,
      remedy: 'write the program with its whole path; no shell and no PATH is asked',
    })
  if (file.server !== undefined) faults.push(...addressFaults(file.server))
  if (file.github !== undefined && isBare(file.github.base_url))
    faults.push({
      key: 'github.base_url',
      message: 'would carry tokens without TLS',
      remedy: 'write https://',
    })
  if (fileHasPassword)
    faults.push({
      key: 'database.url',
      message: 'carries a password',
      remedy: 'set GITSUDO_DATABASE_URL, or put the address into a file and name it in database.url_file',
    })
  return faults
}

/** It may be an access repository, but then under the same name and id. */
function anchorFaults(
  anchor: NonNullable<ConfigFile['anchorRepository']>,
  repositories: ConfigFile['repositories'],
): readonly ConfigFault[] {
  const remedy = 'ask GitHub for the right one: GET /repos/OWNER/NAME'
  return repositories.flatMap(({ name, id }, index) => {
    const sameName = name.toLowerCase() === anchor.name.toLowerCase()
    if (sameName === (id === anchor.id)) return []
    return [
      sameName
        ? {
            key: 'anchorRepository.id',
            message: `is not that of repositories[${index}], which has its name`,
            remedy,
          }
        : {
            key: 'anchorRepository.name',
            message: `is not that of repositories[${index}], which has its id`,
            remedy,
          },
    ]
  })
}

function addressFaults({ http_addr, insecure }: ConfigFile['server']): readonly ConfigFault[] {
  const key = 'server.http_addr'
  const { host, port } = splitAddress(http_addr)
  if (port > 65_535) return [{ key, message: `has port ${port}`, remedy: 'write a port up to 65535' }]
  if (isLoopback(host) || insecure) return []
  const remedy = 'listen on 127.0.0.1, or put a proxy that ends TLS in front and set server.insecure: true'
  return [{ key, message: 'would carry tokens without TLS beyond this machine', remedy }]
}

/** `host:port`; an empty host is every address. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  return {
    host: address.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0',
    port: Number(address.slice(colon + 1)),
  }
}
