/*
 * How threads wait for one lock: sync/_mutex.ts on sync/_park.ts, _nodes.ts,
 * _lane.ts and _mailbox.ts. Run by check.sh, which says what is checked with
 * which switches.
 *
 * What is here
 *
 * - Three threads. Each tries to take the lock, then waits for it, blocking or
 *   as a task in its lane, takes it or gives up, and gives it back. The labels
 *   are those of `type Label` in _park.ts.
 * - Each operation of `Atomics` that others can notice is one step. A step that
 *   only looks is taken together with the decision that follows from it.
 * - Who waits may give up at any time: time over, or aborted. A lane that was
 *   rung looks when its loop turns, which may be never: its thread is busy.
 * - A thread may die before each of its writes and wherever it waits, which is
 *   as good as anywhere, since what it reads leaves no trace. One dies at most.
 *   Some time later the watcher marks it, counts the change and rings the rest.
 * - What depends on the clock is left to chance: whether the first who blocks is
 *   impatient, and whether a lane has its turn.
 *
 * What is claimed
 *
 * - Exclusion: who takes the lock takes it from nobody, or from one who is known
 *   to be dead, and then the word says DIED. An assertion in seized().
 * - Nobody is forgotten: while the lock is free, or its holder known to be dead,
 *   and no thread is under way, nobody waits that was not rung. Lanes that were
 *   rung are not under way, so no waiter depends on an event loop that is busy.
 *   An assertion in Monitor. No wait ends this state, so that anybody may give
 *   up at any time hides nothing; with LIVE nobody does.
 * - Fairness: nobody takes a FAIR lock ahead of the first who blocked when it
 *   was released, but a lane in its turn, and who had begun to look before that
 *   release (the word may look the same to it: each thread overtakes so once at
 *   most). An assertion in seized().
 * - With LIVE: a blocking waiter gets the lock however often others come and go.
 *
 * What is left out
 *
 * - Other primitives, polling for want of a node, RLock, deadlock detection, the
 *   wait of whenReady(), and release by a thread that does not hold the lock.
 * - HIGH, up to where nodes are searched. It is raised before a node is
 *   published: who stops short of a node began before that, and changed the word
 *   even earlier, so that the waiter sees it.
 * - The counter of a mailbox: what matters is whether it is still what was read.
 * - Spinning: a try that fails changes nothing, so one try at any time will do.
 * - How a thread ends well: it is counted as a change, but owes nothing.
 * - The death of whoever buries. A burial is thought to be carried through: if a
 *   thread is stopped while it buries itself, the watcher has to do it again.
 *
 * Switches for the size of it
 *
 * EXTRA=n        n acquisitions besides the first of each thread, by anyone;
 *                without it there is no limit
 * DEATH          a thread may die
 * AT_ONCE        a search for the first node is one step, each thread has one
 *                node of its own, and tickets are kept small
 * ONLY_BLOCKING  no lanes
 * LIVE           thread 0 waits once, blocking; the others come and go for ever
 *
 * All other switches break something, and must be found out; see check.sh.
 */
#define N 3
#define NONE N

/* The word of the lock. A thread is known there by its _pid + 1. */
#define HOLDER 3
#define DIED 4
#define FAIR 8
#define CONTENDED 16

/* Status of a node: a state, whether it blocks, above that its thread. */
#define FREE 0
#define CLAIMED 1
#define WAITING 2
#define WOKEN 3
#define STATE 3
#define BLOCKING 4
#define PUBLISHED (BLOCKING | WAITING)
#define ID_SHIFT 3

/*
 * A mailbox as its thread sees it: nobody listens; its counter was read; it was
 * rung since; the thread sleeps, or for a lane: waitAsync is pending.
 */
#define DEAF 0
#define READ 1
#define RUNG 2
#define ASLEEP 3

byte word;
byte status[N];
byte ticket[N];
byte mail[N];
bit changes;
byte dead;
#ifdef AT_ONCE
byte passed[N]; /* the nodes whose tickets are not behind `last` of a thread */
#else
byte tickets;
#endif

/* What only the checks know. */
byte gone;             /* who died, marked or not */
byte begun;            /* threads begin one after the other: they are alike */
byte extra;            /* acquisitions so far, besides the first of each */
byte impatient = NONE; /* the first who blocked when the word became FAIR */
byte looking;          /* who looks at a FAIR word */
byte exempt;           /* who may overtake the impatient */
#ifdef LIVE
bit late;              /* the waiter was found patient by a release, once */
#endif

#define me (_pid + 1)
#define bitOf(k) (1 << (k))
#define isMine ((word & HOLDER) == me)
#define threadOf(k) (status[k] >> ID_SHIFT)
#define blocks(k) ((status[k] & BLOCKING) != 0)
#define isWaiting(k) ((status[k] & STATE) == WAITING)
#define isWoken(k) ((status[k] & STATE) == WOKEN)
#define matches(k, mask, wanted) ((status[k] & (mask)) == (wanted) && !isPast(k))

#ifdef DEATH
#define isDead(id) (dead == (id))
#define DIES d_step { gone == 0 -> gone = me; forget() }; goto end_gone
#else
#define isDead(id) false
#define DIES false
#endif

#if defined(LIVE)
#define mayBegin (_pid > 0 || begun == 0)
#elif defined(EXTRA)
#define mayBegin (begun == _pid || (begun > _pid && extra < EXTRA))
#else
#define mayBegin (begun >= _pid)
#endif
#ifdef EXTRA
#define hasMore (extra < EXTRA)
#define count() extra++
#else
#define hasMore true
#define count() skip
#endif

#if defined(LIVE) && !defined(NO_FAIR)
#define mayBePatient ((word & CONTENDED) == 0 || !late)
#define wasPatient() late = late | ((word & CONTENDED) != 0)
#else
#define mayBePatient true
#define wasPatient() skip
#endif

#ifdef AT_ONCE
#define isPast(k) ((passed[_pid] & bitOf(k)) != 0)
#define upTo(k, other) (ticket[k] > 0 && ticket[k] <= ticket[other])
#else
#define isPast(k) (ticket[k] <= last)
#endif

#ifdef NO_MARK
#define mark 0
#else
#define mark (node == NONE -> 0 : CONTENDED)
#endif
#ifdef NO_KEEP
#define kept 0
#else
#define kept mark
#endif
#ifdef NO_DIED
#define died 0
#else
#define died ((w & HOLDER) != 0 -> DIED : 0)
#endif
#ifdef NO_CHANGES
#define isNews false
#else
#define isNews (changes != known)
#endif
#ifdef REREAD
#define least ticket[first]
#define isSame true
#else
#define least t
#define isSame (ticket[first] == t)
#endif

inline begin() {
  if
  :: begun == _pid -> begun++
  :: begun != _pid -> count()
  fi
}

inline looked() {
  looking = looking & ~bitOf(_pid);
  exempt = exempt & ~bitOf(_pid)
}

/* Ends a wake(): `last` is forgotten. */
inline passNobody() {
#ifdef AT_ONCE
  passed[_pid] = 0
#else
  last = 0
#endif
}

/* last = nodes.ticketOf(first) */
inline passFirst() {
#ifdef AT_ONCE
  passed[_pid] = upTo(0, first) | upTo(1, first) << 1 | upTo(2, first) << 2
#else
  last = ticket[first]
#endif
}

/* With a new ticket a node is behind everybody's `last`. */
inline unpass(k) {
#ifdef AT_ONCE
  passed[0] = passed[0] & ~bitOf(k);
  passed[1] = passed[1] & ~bitOf(k);
  passed[2] = passed[2] & ~bitOf(k)
#else
  skip
#endif
}

/* nodes.renew(); the tickets of the others keep their order. */
inline renew(k) {
#ifdef AT_ONCE
  i = (k + 1) % N;
  first = (k + 2) % N;
  ticket[k] = 1 + (ticket[i] > 0) + (ticket[first] > 0);
  if
  :: ticket[i] > 0 && ticket[first] > 0 && ticket[i] < ticket[first] ->
    ticket[i] = 1; ticket[first] = 2
  :: ticket[i] > 0 && ticket[first] > 0 && ticket[i] > ticket[first] ->
    ticket[i] = 2; ticket[first] = 1
  :: ticket[i] > 0 && ticket[first] == 0 -> ticket[i] = 1
  :: ticket[i] == 0 && ticket[first] > 0 -> ticket[first] = 1
  :: else
  fi;
  unpass(k);
  i = 0;
  first = NONE
#else
  tickets++;
  ticket[k] = tickets
#endif
}

/* nodes.claim(), with its ticket in the same step: nobody looks at it yet. */
inline claim(kind) {
#ifdef AT_ONCE
  node = _pid;
#else
  if
  :: status[0] == FREE -> node = 0
  :: status[0] != FREE && status[1] == FREE -> node = 1
  :: else -> node = 2
  fi;
#endif
  assert(status[node] == FREE);
  status[node] = me << ID_SHIFT | kind | CLAIMED;
  renew(node)
}

/* nodes.free() */
inline free(k) {
  status[k] = FREE;
#ifdef AT_ONCE
  ticket[k] = 0;
  unpass(k);
#endif
  if
  :: impatient == k -> impatient = NONE
  :: else
  fi
}

/* nodes.sweep(), in one step: the dead are gone for good. */
inline sweep() {
  i = 0;
  do
  :: i < N && status[i] != FREE && isDead(threadOf(i)) -> free(i); i++
  :: i < N && (status[i] == FREE || !isDead(threadOf(i))) -> i++
  :: i == N -> break
  od;
  i = 0
}

inline consider(k, mask, wanted) {
  if
  :: matches(k, mask, wanted) && (first == NONE || ticket[k] < least) ->
    first = k;
    t = ticket[k]
  :: else
  fi
}

/* Finds in one step what findFirst() finds in many. */
inline firstNow(mask, wanted) {
  i = 0;
  do
  :: i < N ->
    if
    :: status[i] != FREE && isDead(threadOf(i)) -> free(i)
    :: else
    fi;
    consider(i, mask, wanted);
    i++
  :: else -> break
  od;
  i = 0;
  t = 0
}

/* nodes.#first(): looks at one node after the other, then again at the first. */
inline findFirst(mask, wanted) {
#ifdef AT_ONCE
  d_step { firstNow(mask, wanted) }
#else
  do
  :: d_step { i < N - 1 -> consider(i, mask, wanted); i++ }
  :: d_step { i == N - 1 && (first != NONE || matches(i, mask, wanted)) ->
      consider(i, mask, wanted); i++ }
  :: d_step { i == N - 1 && first == NONE && !matches(i, mask, wanted) -> i = 0 };
    break
  :: d_step { i == N && matches(first, mask, wanted) && isSame && !isDead(threadOf(first)) ->
      i = 0; t = 0 };
    break
  :: d_step { i == N && matches(first, mask, wanted) && isSame && isDead(threadOf(first)) ->
      free(first); i = 0; t = 0; first = NONE }
  :: d_step { i == N && !(matches(first, mask, wanted) && isSame) ->
      i = 0; t = 0; first = NONE }
  od
#endif
}

/* ring(): the counter, then those who sleep. */
inline ringAdd(id) {
  if
  :: mail[id - 1] == READ -> mail[id - 1] = RUNG
  :: else
  fi
}

inline ringNotify(id) {
  if
  :: mail[id - 1] == ASLEEP -> mail[id - 1] = DEAF
  :: else
  fi
}

#define isAhead (node != NONE && blocks(node) && ticket[node] <= ticket[impatient])
#define overtakes ((w & FAIR) && (exempt & bitOf(_pid)) == 0 && \
  impatient != NONE && !isDead(threadOf(impatient)) && !isAhead)

/* What a compare-and-exchange that takes the lock does. */
inline seized() {
  assert((w & HOLDER) == 0 || isDead(w & HOLDER));
  assert(!overtakes);
  word = me | w & (DIED | CONTENDED) | kept | died;
  assert((w & HOLDER) == 0 || (word & DIED) != 0);
  impatient = NONE;
  looking = looking & ~bitOf(_pid);
  exempt = 0;
  w = 0
}

/* What only a thread that lives needs. */
inline forget() {
  looked();
  passNobody();
  mail[_pid] = DEAF;
  node = NONE; first = NONE; w = 0; i = 0; s = 0; t = 0;
  fair = 0; more = 0; twice = 0; deferred = 0; known = 0
}

active [N] proctype Thread() {
  byte node = NONE;  /* NONE is node 0 in the TypeScript: no node */
  byte first = NONE; /* as found by findFirst() */
  byte w;            /* the word that was read */
  byte s;            /* the status that was read, then whom to ring */
  byte i, t;
#ifndef AT_ONCE
  byte last;
#endif
  bit fair;          /* the release will be FAIR */
  bit more;          /* a second task is in the lane */
  bit twice;         /* one more wake(1) is due */
  bit deferred;      /* refused as a lane has its turn */
  bit known;         /* the changes that were read */

end_idle: /* tryTake(): a compare-and-exchange of 0, then #take(0, 0) */
  if
  :: d_step { mayBegin && word == 0 -> begin(); word = me }; goto holding
  :: d_step { mayBegin && word != 0 -> begin() }
  fi;

take: /* #take() */
  if
#ifdef LIVE /* a compare-and-exchange that is repeated succeeds in the end */
  :: d_step { node != NONE && (word & HOLDER) != 0 -> word = word | mark }; goto refused
  :: d_step { node != NONE && (word & (HOLDER | FAIR)) == 0 -> w = word; seized() }; goto taken
#endif
  :: d_step { (word & HOLDER) != 0 -> w = word };
    if
#ifdef DEATH
    :: isDead(w & HOLDER) -> goto seize
#endif
    :: !isDead(w & HOLDER) -> goto refuse
    fi
  :: d_step { (word & (HOLDER | FAIR)) == 0 -> w = word }; goto seize
  :: d_step { (word & HOLDER) == 0 && (word & FAIR) != 0 ->
      w = word; looking = looking | bitOf(_pid) }
  fi;
#ifdef NO_FAIR_CHECK
  goto seize;
#endif

#ifdef LANES_FIRST
  findFirst(PUBLISHED, WAITING);
  if
  :: first != NONE && first == node -> /* its turn */
    d_step { exempt = exempt | bitOf(_pid); first = NONE }; goto seize
  :: first != NONE && first != node -> /* the turn of another */
    d_step { looked(); first = NONE; deferred = 1 }; goto refuse
  :: first = NONE
  fi;
  findFirst(PUBLISHED, PUBLISHED);
  if
  :: first == NONE || first == node -> first = NONE
  :: first != NONE && first != node -> d_step { looked(); first = NONE }; goto refuse
  fi;
#else /* isFirst(): if nobody blocks, it is for all */
  findFirst(PUBLISHED, PUBLISHED);
  if
  :: first == NONE -> goto seize
  :: first != NONE -> s = (first == node); first = NONE
  fi;
  findFirst(PUBLISHED, WAITING);
  if
  :: first != NONE && first == node -> /* its turn */
    d_step { exempt = exempt | bitOf(_pid); first = NONE; s = 0 }
  :: first != NONE && first != node -> /* the turn of another */
    d_step { looked(); first = NONE; s = 0; deferred = 1 }; goto refuse
  :: s -> first = NONE; s = 0
  :: !s -> d_step { looked(); first = NONE }; goto refuse
  fi;
#endif

seize:
  if
  :: DIES
  :: d_step { word == w && node == NONE -> seized() }; goto holding
  :: d_step { word == w && node != NONE -> seized() }; goto taken
  :: d_step { word != w -> w = 0; looked() }; goto take
  fi;

refuse:
  if
#ifdef LIVE
  :: d_step { node == NONE && _pid > 0 -> w = 0 }; goto end_idle
#endif
  :: d_step { node == NONE -> w = 0; deferred = 0 }; goto join
  :: d_step { node != NONE && (w | mark) == w -> w = 0 }; goto refused
  :: node != NONE && (w | mark) != w ->
    if
    :: DIES
    :: d_step { word == w -> word = w | mark; w = 0 }; goto refused
    :: d_step { word != w -> w = 0 }; goto take
    fi
  fi;

join:
  if
  :: DIES
  :: d_step { claim(BLOCKING) }
#ifndef ONLY_BLOCKING
  :: d_step { claim(0); mail[_pid] = ASLEEP }
  :: d_step { hasMore -> count(); claim(0); mail[_pid] = ASLEEP; more = 1 }
#endif
  fi;
claimed:

again: /* tryNode() */
#ifdef DEATH
  if
  :: changes == known
  :: d_step { changes != known -> known = changes; sweep() }
  fi;
#endif
#ifndef NO_REPUBLISH
  if
  :: DIES
  :: status[node] = status[node] & ~STATE | WAITING
  fi;
#endif
published:
  goto take;

refused:
#ifdef NO_REPUBLISH
  status[node] = status[node] & ~STATE | WAITING;
#endif
  if
  :: d_step { blocks(node) && !deferred -> mail[_pid] = READ }
  :: d_step { blocks(node) && deferred -> deferred = 0 }; goto doze
  :: d_step { !blocks(node) && !isMine -> deferred = 0 }; goto rest
  :: d_step { !blocks(node) && isMine -> deferred = 0 }; goto holding
  fi;

look: /* parkUntil() */
  if
  :: isWaiting(node)
  :: d_step { !isWaiting(node) -> mail[_pid] = DEAF }; goto woken
  fi;
#ifdef DEATH
  if
  :: !isNews
  :: d_step { isNews -> mail[_pid] = DEAF }; goto woken
  fi;
#endif
  if
  :: d_step { mail[_pid] == READ -> mail[_pid] = ASLEEP }
  :: d_step { mail[_pid] == RUNG -> mail[_pid] = READ }; goto look
#ifndef LIVE
  :: mail[_pid] = DEAF; goto cancelled
#endif
  fi;

asleep: /* until it is rung, or its time is over */
  if
  :: DIES
#ifdef LIVE
  :: d_step { mail[_pid] != ASLEEP -> mail[_pid] = READ }; goto look
#else
  :: mail[_pid] = READ; goto look
#endif
  fi;

doze: /* until the turn of a lane is over, or before */
  if
  :: DIES
  :: goto again
#ifndef LIVE
  :: goto cancelled
#endif
  fi;

rest: /* a lane, until its loop turns; one that was rung arms, then looks */
  if
  :: DIES
  :: goto cancelled
  :: d_step { mail[_pid] != ASLEEP -> mail[_pid] = ASLEEP }
  fi;
turn: /* onRing() */
  if
  :: !isWaiting(node) -> goto woken
  :: isWaiting(node)
  fi;
#ifdef DEATH
  if
  :: isNews -> goto woken
  :: !isNews
  fi;
#endif
  if
  :: isMine -> goto holding
  :: !isMine -> goto rest
  fi;

woken:
  goto again;

taken:
  if
  :: blocks(node)
  :: !blocks(node) ->
    if
    :: DIES
    :: d_step { more -> renew(node); more = 0 }; goto again
    :: d_step { !more -> renew(node) }
    fi
  fi;
  if
  :: DIES
  :: d_step { isWaiting(node) -> free(node); node = NONE; mail[_pid] = DEAF }; goto holding
  :: d_step { isWoken(node) -> free(node); node = NONE; mail[_pid] = DEAF }
  fi;
  goto wake;

cancelled:
  if
  :: DIES
  :: more -> more = 0
  :: d_step { !more ->
      twice = !blocks(node) && isWoken(node);
      free(node); node = NONE; mail[_pid] = DEAF }
  fi;
#ifdef NO_PASS_ON
  d_step { twice = 0; first = NONE };
  goto passed_on;
#endif

wake: /* wake(1) */
  findFirst(STATE, WAITING);
  if
  :: first == NONE -> goto passed_on
  :: d_step { first != NONE -> passFirst() }
  fi;
  if
  :: d_step { isWaiting(first) -> s = status[first] }
  :: d_step { !isWaiting(first) -> first = NONE }; goto wake
  fi;
  if
  :: DIES
  :: d_step { status[first] == s -> status[first] = s | WOKEN; s = s >> ID_SHIFT }
  :: d_step { status[first] != s -> first = NONE; s = 0 }; goto wake
  fi;
chosen:
  if
  :: DIES
  :: d_step { ringAdd(s) }
  fi;
  if
  :: DIES
  :: d_step { ringNotify(s); s = 0 }
  fi;
#ifndef COUNT_LANES
  if
  :: blocks(first)
  :: d_step { !blocks(first) -> first = NONE }; goto wake
  fi;
#endif
passed_on:
  if
  :: d_step { twice -> first = NONE; twice = 0; passNobody() }; goto wake
  :: d_step { !twice && isMine -> first = NONE; passNobody() }
  :: d_step { !twice && !isMine && node == NONE -> first = NONE; passNobody() }; goto end_idle
  :: d_step { !twice && !isMine && node != NONE -> first = NONE; passNobody() }; goto rest
  fi;

holding: /* release(), or what a lane does meanwhile */
  if
  :: DIES
  :: d_step { word == me && node == NONE -> word = 0 }; goto end_idle
  :: d_step { word == me && node != NONE -> word = 0 }; goto rest
  :: d_step { word != me && mayBePatient -> w = word; wasPatient() }
#ifndef NO_FAIR
  :: d_step { word & CONTENDED ->
      w = word;
      firstNow(PUBLISHED, PUBLISHED);
      fair = (first != NONE);
      first = NONE }
#endif
  :: node != NONE -> goto cancelled
  :: d_step { node != NONE && mail[_pid] != ASLEEP -> mail[_pid] = ASLEEP }; goto turn
  fi;
  if
  :: DIES
  :: d_step { word == w ->
      word = w & DIED | (fair -> FAIR | CONTENDED : 0);
      if
      :: fair ->
        firstNow(PUBLISHED, PUBLISHED);
        impatient = first;
        first = NONE;
        exempt = looking
      :: else
      fi;
      fair = 0 }
  :: d_step { word != w -> w = 0; fair = 0 }; goto holding
  fi;
released:
  if
  :: d_step { (w & CONTENDED) != 0 -> w = 0 }; goto wake
  :: d_step { (w & CONTENDED) == 0 && node == NONE -> w = 0 }; goto end_idle
  :: d_step { (w & CONTENDED) == 0 && node != NONE -> w = 0 }; goto rest
  fi;

end_gone:
  false
}

#ifdef DEATH
active proctype Watcher() { /* bury() */
  byte i;

end_watch:
  gone != 0;
  dead = gone;
#ifdef BURY_ONCE
  if
  :: goto end_buried
  :: true
  fi;
#endif
  changes = 1;
#ifdef NO_DEATH_RING
  goto end_buried;
#endif
  do
  :: d_step { i < N -> ringAdd(i + 1); ringNotify(i + 1); i++ }
  :: i == N -> break
  od;
end_buried:
  false
}
#define isBuried (gone == 0 || Watcher@end_buried)
#else
#define isBuried true
#endif

#ifdef LIVE
ltl served { [] (Thread[0]@refused -> <> Thread[0]@holding) }
#else
#define isFree ((word & HOLDER) == 0 || isDead(word & HOLDER))
#define isRung(k) (mail[k] != ASLEEP)
#define isAsleep(k) (Thread[k]@asleep && !isRung(k))
#define isIdle(k) (isAsleep(k) || Thread[k]@rest || Thread[k]@end_idle || Thread[k]@end_gone)
#define isForgotten(k) (isAsleep(k) || Thread[k]@rest && !isRung(k))

active proctype Monitor() {
end_monitor:
  atomic {
    isFree && isBuried && isIdle(0) && isIdle(1) && isIdle(2) &&
      (isForgotten(0) || isForgotten(1) || isForgotten(2)) ->
    assert(false)
  }
}
#endif
