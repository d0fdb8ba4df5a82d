// How long what is left will take, from how long the last ones took.

const LAST = 15;
const LONGEST = 60; // seconds: whoever takes longer was away
const FEWEST = 3; // decisions before anything is said

export class Pace {
  constructor() {
    this.seconds = [];
    this.started = 0;
  }

  begin() {
    this.started = performance.now();
  }

  end() {
    this.seconds.push(Math.min(LONGEST, (performance.now() - this.started) / 1000));
    this.seconds = this.seconds.slice(-LAST);
  }

  // Seconds for so many more; null as long as that is not known.
  left(count) {
    if (this.seconds.length < FEWEST) return null;
    const mean = this.seconds.reduce((sum, one) => sum + one, 0) / this.seconds.length;
    return mean * count;
  }
}

export function leftOver(pace, count) {
  const seconds = pace.left(count);
  if (seconds === null) return "";
  if (seconds < 60) return "less than a minute left";
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${minutes} minute${minutes === 1 ? "" : "s"} left`;
  return `about ${Math.round(minutes / 60)} hours left`;
}
