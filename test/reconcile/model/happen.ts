import { catchUp } from '../../../app/reconcile/catch-up.ts'
import { GitHubError } from '../../../app/reconcile/ports/github.ts'
import { filePath, requestFile } from '../../support/memory/access-world.ts'
import { Crash } from '../../support/memory/crash.ts'
import { type Happening, modes, placeOf, type Text } from './happening.ts'
import { rulesPath, rulesText } from './rules.ts'
import type { Stage } from './stage.ts'

const minute = 60_000

/** Lets it happen, if it can. */
export const happen = async (stage: Stage, what: Happening): Promise<void> => {
  const { world, crashes } = stage
  const { hub, clock } = world
  const { git } = hub
  const at = 'pull' in what ? hub.pulls.get(what.pull) : undefined
  const pulls = [...hub.pulls.values()]
  const isOpen = (branch: string) => pulls.some(({ state, head }) => state === 'open' && head.ref === branch)
  const file = (text: Text) =>
    text === 'bad'
      ? 'nothing'
      : requestFile(
          text,
          text === 'later' ? later(clock.now()) : undefined,
          text === 'other' ? 'writer' : undefined,
        )
  switch (what.kind) {
    case 'push': {
      const { form = 'plain' } = what
      const [text, mode] = [file(what.text), modes[form]]
      const files = {
        [placeOf(filePath(what.file), form)]: mode === undefined ? text : { text, mode },
        ...(what.beside ? { 'README.md': what.text } : {}),
      }
      hub.push(what.branch, files, what.by, what.force ? git.tip('main') : undefined)
      return
    }
    case 'drop':
      if (git.refs.has(what.branch)) hub.push(what.branch, { [filePath(what.file)]: undefined }, 'alice')
      return
    case 'back': {
      const ref = `refs/heads/${what.branch}`
      const before = hub.pushes.findLast((one) => one.ref === ref && one.to !== git.refs.get(what.branch))
      if (before === undefined) return
      const told = hub.sent.length
      hub.move(what.branch, before.to, what.by)
      if (what.lost) world.lost.push(...hub.sent.splice(told))
      return
    }
    case 'same': {
      const head = git.refs.get(what.branch === 'p' ? 'q' : 'p')
      if (head !== undefined && head !== git.refs.get(what.branch)) hub.move(what.branch, head, 'alice')
      return
    }
    case 'open': {
      const head = git.refs.get(what.branch)
      if (head === undefined || isOpen(what.branch) || hub.pulls.size > 2) return
      if (!git.reaches(git.tip(what.base), head)) hub.open(what.branch, what.by, what)
      return
    }
    case 'review':
      // GitHub answers 422 to authors who review their own.
      if (at !== undefined && at.author.id !== hub.who(what.by).id) hub.review(at.number, what.by, what.state)
      return
    case 'dismiss': {
      const review = hub.reviews[what.review]
      if (review !== undefined && review.state !== 'COMMENTED') hub.dismiss(review.id)
      return
    }
    case 'close':
      if (at?.state === 'open') hub.close(at.number, 'alice')
      return
    case 'reopen': {
      if (at?.state !== 'closed' || at.merged || isOpen(at.head.ref)) return
      const head = git.tip(at.head.ref)
      if (!git.reaches(head, at.head.sha) || git.reaches(git.tip(at.base.ref), head)) return
      hub.reopen(at.number, 'alice')
      stage.reopened.set(at.number, clock.now())
      return
    }
    case 'retarget':
      if (at?.state === 'open' && at.base.ref !== what.base && !git.reaches(git.tip(what.base), at.head.sha))
        hub.retarget(at.number, what.base, 'alice')
      return
    case 'draft':
      if (at?.state === 'open' && at.draft !== what.draft) hub.draft(at.number, what.draft, 'alice')
      return
    case 'merge': {
      if (at?.state !== 'open' || at.draft) return
      if (what.approved && at.author.id !== hub.who('carol').id) hub.review(at.number, 'carol')
      const stowaways = what.stowaway ? { [filePath('stowaway')]: requestFile('stowaway') } : {}
      await hub.merge(at.number, 'carol', what.how, what.how === 'rebase' ? {} : stowaways)
      return
    }
    case 'by hand':
      if (at?.state === 'open' && at.base.ref === 'main' && git.reaches(at.head.sha, git.tip('main')))
        hub.pushHead(at.number, 'carol')
      return
    case 'direct':
      hub.push('main', { [filePath(what.file)]: what.text && file(what.text) }, 'carol')
      return
    case 'rewrite': {
      const [parent] = git.parents(git.tip('main'))
      if (parent !== undefined && git.reaches(parent, stage.accepted)) hub.move('main', parent, 'carol')
      return
    }
    case 'side': {
      const [main, side] = [git.tip('main'), git.tip('side')]
      if (git.reaches(main, side)) return
      const author = { name: 'carol', email: 'carol@example.com' }
      hub.move('main', git.commit([main, side], await git.patch(main, side), author), 'carol')
      return
    }
    case 'comment': {
      if (at === undefined) return
      if (what.edited) {
        const innocent = hub.comment(at.number, what.by, 'hello')
        hub.comment(at.number, what.by, '/gitsudo revoke', innocent)
        return
      }
      hub.comment(at.number, what.by, '/gitsudo revoke')
      stage.revokers.set(at.number, [...(stage.revokers.get(at.number) ?? []), hub.who(what.by).id])
      return
    }
    case 'allow':
      hub.allow(what.who, what.permission)
      return
    case 'reuse':
      if (hub.who(what.who).id < 2000) hub.reuse(what.who)
      return
    case 'rules':
      hub.push('main', { [rulesPath]: rulesText(what.variant) }, 'carol')
      return
    case 'propose': {
      if (isOpen('r') || hub.pulls.size > 5) return
      hub.push('r', { [rulesPath]: rulesText(what.variant) }, what.by, git.tip('main'))
      if (git.reaches(git.tip('main'), git.tip('r'))) return
      const number = hub.open('r', what.by)
      for (const one of what.approved) if (hub.who(one).id !== hub.who(what.by).id) hub.review(number, one)
      if (what.altered) hub.push('r', { [rulesPath]: rulesText('usual') }, what.by)
      if (what.merged && hub.pulls.get(number)?.state === 'open') await hub.merge(number, 'bob')
      return
    }
    case 'lose':
      world.lost.push(...hub.sent.splice(0))
      return
    case 'double':
      hub.sent.push(...hub.sent)
      return
    case 'reorder':
      hub.sent.reverse()
      hub.sent.push(...hub.sent.splice(0, what.turn))
      return
    case 'some': {
      const held = hub.sent.splice(what.count)
      await work(stage)
      hub.sent.push(...held)
      return
    }
    case 'killed':
      crashes.plan(what.call, what.after)
      await work(stage)
      crashes.clear()
      return
    case 'work':
      return work(stage)
    case 'catch up':
      await catchUp(world.deps)
      return
    case 'away':
      git.away(what.on === 'git')
      hub.meet(() => {
        if (what.on === 'github') throw new GitHubError('unavailable', 'GitHub is away')
      })
      return
    case 'wait':
      clock.advance(what.ms)
      await world.queue.wake(await world.store.due(clock.now(), 1000))
  }
}

/** Some time within the next hour or so, on a whole second as the file writes it. */
const later = (now: number): number => Math.floor((now + 40 * minute) / 1000) * 1000

/** Works what waits; a look that dies is taken up again, as the queue does. */
const work = async ({ world }: Stage): Promise<void> => {
  await world.deliver()
  for (const wakeUp of world.queue.take()) {
    try {
      await world.look(wakeUp)
    } catch (error) {
      if (!(error instanceof Crash) && !gone(error)) throw error
      await world.queue.wake([wakeUp])
    }
  }
}
const gone = (error: unknown): boolean =>
  error instanceof Error &&
  /is away|cannot be read|network is away|was not sealed in time/.test(error.message)
