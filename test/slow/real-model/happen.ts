import { until } from '../../../app/sandbox/until.ts'
import type { Login } from '../../../app/sandbox/world.ts'
import { mutate } from '../../attacks/support/queue.ts'
import { type Happening, modes, placeOf, type Text } from '../../reconcile/model/happening.ts'
import { textOf } from '../../support/world.ts'
import { filesOf, propose } from './policies.ts'
import { actors, type Play } from './record.ts'
import { asks, variants } from './rules.ts'
import type { Stage } from './stage.ts'

const minute = 60_000
const second = 1000

/** Lets it happen through Git and GitHub, if it can. */
export const happen = async (stage: Stage, play: Play, what: Happening): Promise<void> => {
  const { t, commits } = stage
  const { branch } = play
  const pull = 'pull' in what ? play.pulls()[what.pull - 1] : undefined
  const by = 'by' in what ? actors[what.by] : 'alice'
  const pushed = (name: string, who: Login, to: string | undefined) => {
    if (to !== undefined) play.pushed(branch(name), who, to)
  }
  const file = (text: Text): string => {
    if (text === 'bad') return 'nothing\n'
    const { role, other, scope, one, two } = asks[play.needs]
    const startsAt = new Date(Math.floor((t.clock.now() + 40 * minute) / second) * second)
    return textOf({
      role: text === 'other' ? other : role,
      scope,
      duration: text === 'two' ? two : one,
      ...(text === 'later' ? { startsAt: startsAt.toISOString().replace('.000', '') } : {}),
    })
  }
  switch (what.kind) {
    case 'push': {
      const { form = 'plain' } = what
      const [text, mode] = [file(what.text), modes[form]]
      const name = branch(what.branch)
      const onto = what.force || commits.tip(name) === undefined ? 'origin/main' : `origin/${name}`
      const files = {
        [placeOf(play.path(what.file), form)]: mode === undefined ? text : { text, mode },
        ...(what.beside ? { 'README.md': what.text } : {}),
      }
      return pushed(what.branch, by, await stage.push(by, name, onto, files))
    }
    case 'drop': {
      const name = branch(what.branch)
      if (commits.tip(name) === undefined) return
      return pushed(
        what.branch,
        'alice',
        await stage.push('alice', name, `origin/${name}`, { [play.path(what.file)]: null }),
      )
    }
    case 'back': {
      const name = branch(what.branch)
      const before = play.was(name)
      return pushed(what.branch, by, before && (await stage.move(by, name, before)))
    }
    case 'same': {
      const head = commits.tip(branch(what.branch === 'p' ? 'q' : 'p'))
      if (head === undefined || head === commits.tip(branch(what.branch))) return
      return pushed(what.branch, 'alice', await stage.move('alice', branch(what.branch), head))
    }
    case 'open':
      if (play.pulls().length < 3)
        await play.open(by, { head: branch(what.branch), base: branch(what.base), draft: what.draft })
      return
    case 'review':
      return pull && play.review(pull, by, what.state)
    case 'dismiss':
      return play.dismiss(what.review)
    case 'close':
      if (pull?.state === 'open')
        await play.call('alice', 'PATCH', `/pulls/${pull.number}`, { state: 'closed' })
      return
    case 'reopen':
      if (pull?.state === 'closed' && pull.merged === undefined) await play.reopen(pull.number)
      return
    case 'retarget':
      if (pull?.state === 'open')
        await play.call('alice', 'PATCH', `/pulls/${pull.number}`, { base: branch(what.base) })
      return
    case 'draft':
      if (pull?.state === 'open' && pull.draft !== what.draft)
        await mutate(
          t,
          'alice',
          what.draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview',
          pull.number,
        )
      return
    case 'merge': {
      if (pull?.state !== 'open' || pull.draft) return
      if (what.approved) {
        await play.review(pull, 'carol', 'APPROVED')
        await play.review(pull, 'bob', 'APPROVED')
        await t.advance(second)
      }
      const stowaways = { [play.path('stowaway')]: file('one') }
      if (what.stowaway && pull.base === 'main') await stage.mergeByHand('erin', pull.head, stowaways)
      else await play.merge(pull.number, what.how)
      return
    }
    case 'by hand':
      if (
        pull?.state === 'open' &&
        pull.base === 'main' &&
        commits.history(pull.head).has(commits.tip('main') ?? '')
      ) {
        await stage.move('erin', 'main', pull.head)
      }
      return
    case 'direct':
      await stage.push('erin', 'main', 'origin/main', {
        [play.path(what.file)]: what.text === undefined ? null : file(what.text),
      })
      return
    case 'side': {
      const side = commits.tip(branch('side'))
      if (side !== undefined && !commits.history(commits.tip('main') ?? '').has(side))
        await stage.mergeByHand('erin', side, {})
      return
    }
    // The sequences have one branch in common: what it has lost is lost to those that come after.
    case 'rewrite':
      return
    case 'comment':
      return pull && play.comment(pull.number, by, what.edited)
    case 'allow':
      return play.allow(actors[what.who], what.permission)
    case 'reuse':
      return play.reuse(actors[what.who])
    case 'rules':
      await stage.push('erin', 'main', 'origin/main', filesOf(variants[what.variant](stage.usual)))
      return
    case 'propose':
      return propose(stage, play, what)
    case 'lose':
      return stage.post('drop')
    case 'double':
      return stage.post('double')
    case 'reorder':
      return stage.post('reorder')
    case 'some':
      return stage.release()
    case 'killed': {
      // Deep in its work, or when there is none left.
      const far = stage.calls() + what.call
      stage.release()
      await until('the replica to be at work', async () => stage.calls() >= far || (await stage.isQuiet()))
      return stage.kill()
    }
    case 'work':
      stage.release()
      await stage.quiet()
      return
    case 'catch up':
      return stage.kill()
    case 'away':
      return stage.be(what.on === 'github')
    case 'wait':
      return t.jump(what.ms)
  }
}
