import type { Delivery } from '../../../app/reconcile/ports/store.ts'
import { memoryClock } from '../memory/clock.ts'
import { memoryHub, repositoryId } from '../memory/hub.ts'
import { memoryPayloads } from '../memory/hub-payloads.ts'
import { people } from '../memory/hub-people.ts'
import { describeGitHub } from './github.ts'

describeGitHub('in memory', async () => {
  const clock = memoryClock()
  const hub = memoryHub(clock)
  hub.git.refs.set('side', hub.git.tip('main'))
  const delivered: Delivery[] = []
  return {
    repository: repositoryId,
    api: hub.api,
    payloads: memoryPayloads,
    now: clock.now,
    deliveries: async () => {
      delivered.push(...hub.sent.splice(0).map(({ delivery }) => delivery))
      return delivered
    },
    close: async () => undefined,
    acts: {
      id: (name) => people[name].id,
      push: async (by, branch, text, force = false) =>
        hub.push(branch, { [branch]: text }, by, force ? hub.git.tip('main') : undefined),
      point: async (by, branch, to) => hub.move(branch, to, by),
      open: async (by, branch) => hub.open(branch, by),
      review: async (by, pull, state) => {
        clock.advance(1000)
        return hub.review(pull, by, state)
      },
      dismiss: async (_, review) => hub.dismiss(review),
      close: async (by, pull) => hub.close(pull, by),
      reopen: async (by, pull) => hub.reopen(pull, by),
      retarget: async (by, pull, base) => hub.retarget(pull, base, by),
      draft: async (by, pull, draft) => hub.draft(pull, draft, by),
      merge: (by, pull, how) => hub.merge(pull, by, how),
      comment: async (by, pull, text, edits) => {
        clock.advance(1000)
        return hub.comment(pull, by, text, edits)
      },
      allow: async (name, permission) => hub.allow(name, permission),
      reuse: async (name) => {
        hub.reuse(name)
        return hub.who(name).id
      },
    },
  }
})
