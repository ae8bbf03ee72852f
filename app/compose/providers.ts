import { configuredOf } from '../config/providers.ts'
import type { Config } from '../config.ts'
import { intentsOf } from '../grant/findings.ts'
import { asGiven } from '../provider/as-given.ts'
import type { StsOptions } from '../provider/aws/options.ts'
import { boundCalls } from '../provider/calls.ts'
import { limitCalls } from '../provider/limits.ts'
import type { Provider } from '../provider/port.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { Database } from '../store/database.ts'
import { type AwsRecordsDeps, awsRecords } from './aws-records.ts'
import { offersOf } from './offers.ts'

/** The configured providers by name, each imported only when it is configured: all SDKs at once are large. */
export const createProviders = async (
  config: Config,
  database: Database,
  clock: Clock,
  log: Log,
  records: AwsRecordsDeps,
  back: (cloud: Provider, account: string) => void,
): Promise<ReadonlyMap<string, Provider>> => {
  const { instance } = config
  const configured = configuredOf(config.providers)
  const { mock, aws, azure, gcp, kubernetes } = config.providers
  const found: Provider[] = []
  if (mock !== undefined) {
    const { createMock } = await import('../provider/mock/mock.ts')
    const { mockBindings } = await import('../store/mock-bindings.ts')
    found.push(createMock({ bindings: mockBindings(database), clock, instance }))
  }
  if (aws !== undefined) {
    found.push(await createAws(aws, { clock, log, instance, records: awsRecords(records) }))
  }
  if (gcp !== undefined) {
    const { createGcp } = await import('../provider/gcp/gcp.ts')
    found.push(createGcp({ ...gcp, clock, instance, offered: () => offersOf('gcp', records) }))
  }
  if (kubernetes !== undefined) {
    const { createKubernetes } = await import('../provider/kubernetes/kubernetes.ts')
    found.push(
      createKubernetes({ ...kubernetes, clock, instance, offered: () => offersOf('kubernetes', records) }),
    )
  }
  if (azure !== undefined) {
    const { createAzure } = await import('../provider/azure/azure.ts')
    found.push(createAzure({ ...azure, clock, instance, offered: () => offersOf('azure', records) }))
  }
  return new Map(
    found.map((one) => [
      one.name,
      asGiven(
        boundCalls(
          limitCalls(one, undefined, (account) => back(one, account)),
          { clock, log },
        ),
        configured[one.name],
        {
          clock,
          log,
          open: async () => intentsOf((await records.ledger.standing()).open, one.name),
        },
      ),
    ]),
  )
}

const createAws = async (
  aws: NonNullable<Config['providers']['aws']>,
  rest: Pick<StsOptions, 'clock' | 'log' | 'instance' | 'records'>,
): Promise<Provider> => {
  if (aws.mode === 'identity_center') {
    const { createIdentityCenter } = await import('../provider/aws/identity-center.ts')
    return createIdentityCenter({ ...aws, ...rest })
  }
  const { createSts } = await import('../provider/aws/sts.ts')
  return createSts({ ...aws, ...rest })
}
