/** Dates as Python's strftime writes them in the C locale, for templates that put the day into the system message. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY = 86_400_000;

/** ISO 8601: the week with the year's first Thursday is week 1. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY);
  const year = thursday.getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY)) };
}

/**
 * @param date read in UTC
 * @param format with `%-d` for numbers without padding
 * @throws Error for a directive that is none
 */
export function strftime(date: Date, format: string): string {
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const hours = date.getUTCHours();
  const weekday = date.getUTCDay();
  const dayOfYear = Math.floor((date.getTime() - Date.UTC(year, 0, 1)) / DAY);
  const pad = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill);
  const same = (other: string): string => strftime(date, other);
  const write = (directive: string): string => {
    switch (directive) {
      case 'a':
        return DAYS[weekday].slice(0, 3);
      case 'A':
        return DAYS[weekday];
      case 'b':
      case 'h':
        return MONTHS[month].slice(0, 3);
      case 'B':
        return MONTHS[month];
      case 'c':
        return same('%a %b %e %H:%M:%S %Y');
      case 'C':
        return pad(Math.floor(year / 100));
      case 'd':
        return pad(date.getUTCDate());
      case 'D':
      case 'x':
        return same('%m/%d/%y');
      case 'e':
        return pad(date.getUTCDate(), 2, ' ');
      case 'f':
        return pad(date.getUTCMilliseconds() * 1000, 6);
      case 'F':
        return same('%Y-%m-%d');
      case 'G':
        return String(isoWeek(date).year);
      case 'H':
        return pad(hours);
      case 'I':
        return pad(hours % 12 || 12);
      case 'j':
        return pad(dayOfYear + 1, 3);
      case 'm':
        return pad(month + 1);
      case 'M':
        return pad(date.getUTCMinutes());
      case 'n':
        return '\n';
      case 'p':
        return hours < 12 ? 'AM' : 'PM';
      case 'R':
        return same('%H:%M');
      case 'S':
        return pad(date.getUTCSeconds());
      case 't':
        return '\t';
      case 'T':
      case 'X':
        return same('%H:%M:%S');
      case 'u':
        return String(weekday || 7);
      case 'U':
        return pad(Math.floor((dayOfYear + 7 - weekday) / 7));
      case 'V':
        return pad(isoWeek(date).week);
      case 'w':
        return String(weekday);
      case 'W':
        return pad(Math.floor((dayOfYear + 7 - ((weekday + 6) % 7)) / 7));
      case 'y':
        return pad(year % 100);
      case 'Y':
        return String(year);
      case 'z':
      case 'Z':
        // A date without a zone has none to write.
        return '';
      case '%':
        return '%';
      default:
        throw new Error(`strftime has no %${directive}`);
    }
  };
  return format.replace(/%(-?)(.)/gs, (_, bare: string, directive: string) =>
    bare ? write(directive).replace(/^[0 ]+(?=.)/, '') : write(directive),
  );
}
