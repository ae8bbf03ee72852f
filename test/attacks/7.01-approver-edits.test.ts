// The bug of others: an approver corrects the request first, and approves what is now their own. They may edit it; they
// have then worked on it, and somebody else has to approve (trust.md 7.01).
import { test } from 'vitest'
import { admin, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const edits = {
  'for longer': textOf({ ...admin, duration: '2h' }),
  'for less': textOf({ ...admin, duration: '30m' }),
}

test.each(Object.entries(edits))(
  'an approver who edits the request %s does not approve it',
  async (how, text) => {
    const t = await attackWorld()
    const asked = await t.ask(`edited-${how.replace(' ', '-')}`, admin)
    await t.approve(asked.number, 'bob', 'carol')
    await t.checked(asked.head, 'success')
    const head = await t.commit('bob', asked.branch, { [asked.path]: text })
    await t.approve(asked.number, 'bob', 'carol')
    await t.checked(head, 'action_required', 'bob pushed in this pull request')
    await t.land(asked.number)
    await t.refused(asked, 'bob pushed in this pull request')
  },
)
