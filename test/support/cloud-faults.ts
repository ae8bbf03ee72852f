import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Ports } from '../../app/compose/ports.ts'
import type { Intent } from '../../app/grant/intent.ts'
import { type Fault, refusal } from '../../app/provider/mock/faults.ts'
import { type Provider, ProviderError } from '../../app/provider/port.ts'

/** What one grant's calls of a kind meet. */
export type CloudFault = {
  readonly grant: string
  readonly call: 'inspect' | 'ensure' | 'remove'
  readonly fault: Exclude<Fault, { readonly kind: 'hang' | 'stale' }>
}

const metOf = (file: string): string => `${file}.met`
const words = ({ grant, call, fault }: CloudFault): string => `${grant} ${call} ${fault.kind}`

/** They hold until others are written, for every process of this file. */
export const writeCloudFaults = (file: string, faults: readonly CloudFault[]): void => {
  writeFileSync(`${file}.new`, JSON.stringify(faults))
  renameSync(`${file}.new`, file)
}

/** How often a fault was met. */
export const timesMet = (file: string, fault: CloudFault): number =>
  existsSync(metOf(file))
    ? readFileSync(metOf(file), 'utf8')
        .split('\n')
        .filter((line) => line === words(fault)).length
    : 0

/** The same ports, over clouds that have these faults. */
export const withCloudFaults = (ports: Ports, file: string): Ports => ({
  ...ports,
  providers: new Map([...ports.providers].map(([name, provider]) => [name, faulty(provider, file)])),
})

const faulty = (provider: Provider, file: string): Provider => {
  const meet = async <T>(call: CloudFault['call'], { grant }: Intent, work: () => Promise<T>): Promise<T> => {
    const planned = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly CloudFault[]) : []
    const met = planned.find((one) => one.grant === grant && one.call === call)
    if (met === undefined) return work()
    appendFileSync(metOf(file), `${words(met)}\n`)
    const refused = refusal(met.fault)
    if (refused !== undefined) throw refused
    await work()
    throw new ProviderError('unknown', 'the answer was lost')
  }
  return {
    ...provider,
    inspect: (intent, call) => meet('inspect', intent, () => provider.inspect(intent, call)),
    ensure: (intent, call) => meet('ensure', intent, () => provider.ensure(intent, call)),
    remove: (intent, call) => meet('remove', intent, () => provider.remove(intent, call)),
  }
}
