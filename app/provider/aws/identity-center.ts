import type { AwsReach } from '../../grant/grantable/aws.ts'
import { refusals } from '../../grant/grantable.ts'
import type { Intent } from '../../grant/intent.ts'
import { afterWrite } from '../after-write.ts'
import { eachOf } from '../each-of.ts'
import { ifThere } from '../if-there.ts'
import { listPlaces } from '../listing.ts'
import { type Binding, type Call, type Observation, type Provider, ProviderError } from '../port.ts'
import { unthrottled } from '../unthrottled.ts'
import {
  type Assignment,
  type AssignmentsOptions,
  assignmentPermissions,
  createAssignments,
  nobodys,
} from './assignments.ts'
import { nothingOffered } from './check.ts'
import type { Records } from './records.ts'

export type IdentityCenterOptions = Omit<AssignmentsOptions, 'region'> & {
  readonly defaultRegion: string
  readonly clock: { now(): number }
  readonly records: Pick<Records, 'offered'>
}

/** A permission set's session lasts at most 12 hours, and outlasts its assignment. */
const longestSessionMs = 12 * 3_600_000

const userId = /^([0-9a-f]{10}-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Nobody has it: what is asked about him shows what may be asked. */
const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * AWS by IAM Identity Center: a grant is one user's assignment of a permission set in an account. Assignments carry no
 * mark: what was seen absent before the first write, sealed as the intent's `place`, is ours when it is found; what was
 * there before is somebody else's and never touched. Users act as themselves.
 */
export const createIdentityCenter = (options: IdentityCenterOptions): Provider => {
  const { clock } = options
  const api = createAssignments({ ...options, region: options.defaultRegion })
  const reach: AwsReach = { mode: 'identity_center', instanceArn: options.instanceArn }
  const keyOf = ({ principal, cloudRole, scope }: Intent): string =>
    `${scope} ${cloudRole.slice(cloudRole.lastIndexOf('/') + 1)} ${principal}`
  const refusalOf = (intent: Intent) => refusals('aws', intent, { aws: reach })[0]
  const assignmentOf = ({ scope, cloudRole }: Intent, user: string): Assignment => ({
    account: scope,
    permissionSet: cloudRole,
    user,
  })
  const userOf = (name: string, signal: AbortSignal): Promise<string> =>
    userId.test(name) ? Promise.resolve(name) : api.userId(name, signal)
  const present = (intent: Intent): Extract<Observation, { kind: 'present' }> => ({
    kind: 'present',
    handle: keyOf(intent),
  })
  /** Before the deadline there is time left to say why. */
  const patienceOf = (call: Call): number => (call.deadline - clock.now()) * 0.8
  const wanted = (intent: Intent): void => {
    const refusal = refusalOf(intent)
    if (refusal !== undefined) throw new ProviderError('invalid', `aws: ${refusal.had}`)
    if (clock.now() >= intent.endsAt) throw new ProviderError('invalid', 'aws: the end has passed')
  }

  return {
    name: 'aws',
    traits: { binding: true, marks: false, shared: true },
    propagationMs: 60_000,
    // Its limits are those of the one instance, whatever the account.
    account: () => '',
    bindingKey: keyOf,

    async observe(intent, call) {
      wanted(intent)
      const place = await userOf(intent.principal, call.signal)
      return { place, there: await api.isThere(assignmentOf(intent, place), call.signal) }
    },

    async inspect(intent, call) {
      // Without its absence sealed nothing there can be ours.
      if (intent.place === undefined || refusalOf(intent) !== undefined) return { kind: 'absent' }
      const there = await api.isThere(assignmentOf(intent, intent.place), call.signal)
      return there ? present(intent) : { kind: 'absent' }
    },

    async ensure(intent, call) {
      wanted(intent)
      if (intent.place === undefined)
        throw new ProviderError('invalid', 'aws: nobody looked whether the assignment was there before')
      const assignment = assignmentOf(intent, intent.place)
      if (!(await api.isThere(assignment, call.signal))) {
        await api.create(assignment, call.signal, patienceOf(call))
        if (!(await afterWrite(() => api.isThere(assignment, call.signal))))
          throw new ProviderError('unavailable', 'aws: assigned, but not to be read yet')
      }
      return present(intent)
    },

    async remove(intent, call) {
      if (intent.place === undefined || refusalOf(intent) !== undefined) return 'absent'
      const assignment = assignmentOf(intent, intent.place)
      // A read may lag behind the request that made it: the deletion itself says whether it is there.
      await api.delete(assignment, call.signal, patienceOf(call))
      return (await api.isThere(assignment, call.signal)) ? 'removing' : 'absent'
    },

    // The CLI has variables for neither; our region is Identity Center's, and his profile says where his work is.
    environment: ({ scope, cloudRole }) => ({
      GITSUDO_AWS_ACCOUNT: scope,
      GITSUDO_AWS_PERMISSION_SET: cloudRole,
    }),

    lingerMs: () => longestSessionMs,

    async list(call, intents) {
      const placed = intents.filter((one) => one.place !== undefined && refusalOf(one) === undefined)
      const people = [...Map.groupBy(placed, ({ scope, place }) => `${scope} ${place}`).values()]
      const read = async (his: readonly Intent[], signal: AbortSignal): Promise<readonly Binding[]> => {
        const [{ scope: account = '', place: user = '' } = {}] = his
        const there = await unthrottled(signal, () => api.assigned({ account, user }, signal)).catch(nobodys)
        return his
          .filter(({ cloudRole }) => there.has(cloudRole))
          .map((one) => ({
            grant: one.grant,
            handle: keyOf(one),
            principal: one.principal,
            role: one.cloudRole,
            scope: one.scope,
          }))
      }
      const accountOf = ([one]: readonly Intent[]): string => one?.scope ?? ''
      const { bindings, unread } = await listPlaces(people, accountOf, read, call, clock.now())
      return { bindings, unread: [...new Map(unread.map((one) => [one.place, one])).values()] }
    },

    async check(call) {
      const offered = await options.records.offered()
      const needed = `gitsudo's own permissions: ${JSON.stringify(assignmentPolicy())}`
      if (offered.length === 0) return [nothingOffered, needed]
      const judged = offered.map((offer) => ({
        ...offer,
        faults: refusals('aws', { principal: 'someone', ...offer }, { aws: reach }),
      }))
      const wrong = judged.flatMap(({ faults }) => faults.map(({ had }) => had))
      const sound = judged.filter(({ faults }) => faults.length === 0)
      const pairs = new Map(sound.map((one) => [`${one.scope} ${one.cloudRole}`, one]))
      const tried = await eachOf([...pairs.values()], ({ scope: account, cloudRole: permissionSet }) => {
        const asked = { account, permissionSet, user: nobody }
        return ifThere(
          // Nobody's assignment: it is looked whether gitsudo may, and there is nothing to delete.
          unthrottled(call.signal, async () => {
            await api.assigned(asked, call.signal).catch(nobodys)
            await api.delete(asked, call.signal, patienceOf(call))
          }),
        )
      })
      const named = await ifThere(api.userId('nobody-of-this-name', call.signal).catch(nobodys))
      const refused = [...tried, named].flatMap((one) => ('why' in one ? [one] : []))
      return [
        ...refused.map(({ why }) => why),
        ...wrong,
        ...(refused.some(({ kind }) => kind === 'forbidden') ? [needed] : []),
      ]
    },
  }
}

/** What gitsudo's own identity must be allowed; Identity Center's actions take no narrower resource than its parts. */
export const assignmentPolicy = () => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: assignmentPermissions, Resource: '*' }],
})
