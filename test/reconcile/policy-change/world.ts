import { acceptedCommit } from '../../../app/reconcile/policies.ts'
import { accessWorld } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import type { Person } from '../../support/memory/hub-people.ts'
import { loadRules, rulesPath, rulesText, type Variant } from '../model/rules.ts'

export const minute = 60_000
export type Options = Omit<Parameters<typeof accessWorld>[0] & object, 'load' | 'files'>

export const policyWorld = (options: Options = {}, first: Variant = 'usual') => {
  const world = accessWorld({ ...options, load: loadRules, files: { [rulesPath]: rulesText(first) } })
  const repository = () => {
    const found = world.deps.settings.repositories.get(repositoryId)
    if (found === undefined) throw new Error('not configured')
    return found
  }
  return Object.assign(world, {
    repository,
    accepted: () => acceptedCommit(world.deps, repository()),
    /** Opens a pull request that changes the rules, by alice. */
    propose(variant: Variant, name: string = variant, by: Person = 'alice'): number {
      world.push(name, { [rulesPath]: rulesText(variant) }, by)
      return world.open(name, by)
    },
    async land(pull: number): Promise<string> {
      const commit = await world.merge(pull, 'bob')
      await world.settle()
      return commit
    },
    /** A change of the rules as it should be; returns the commit accepted. */
    async change(variant: Variant, name?: string): Promise<string> {
      const pull = this.propose(variant, name)
      await world.settle()
      world.clock.advance(1000)
      world.review(pull, 'carol')
      await world.settle()
      world.clock.advance(1000)
      const commit = await this.land(pull)
      world.clock.advance(2000)
      return commit
    },
    check: (pull: number) =>
      [...world.checks.values()].findLast(({ externalId }) => externalId.endsWith(`:${pull}`)),
    comment: (pull: number) => [...world.comments.values()].find((one) => one.pull === pull)?.body ?? '',
    policyEvents: () =>
      world.ledger
        .events()
        .filter(({ type }) => type.startsWith('policy.'))
        .map(({ type }) => type),
    decision: async (pull: number) => (await world.store.pull(repositoryId, pull))?.decision,
  })
}
