package penstock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.springframework.scheduling.support.CronExpression;

/**
 * When Spring's own cron fires, in five zones, from 2024 to 2035.
 *
 * <p>Arguments: the folder with expressions.txt. Writes a file for each zone there: a line per expression, with a digest of its times for
 * each year (UTC), one of all its times within six hours of a change of the clock, and those of 2026 in minutes from the change, where
 * they are few.
 *
 * <p>Spring finds the times on the clock; what becomes of one that the clock skips or repeats is said here, with java.time: the instant of
 * the change, or the first of the two; of an expression of every hour none, or both. "native" is in how many of the changes Spring alone,
 * asked in the zone, says otherwise.
 *
 * <p>Spring wants both days to match where a day of the month and one of the week are given; cron wants either. Such lines begin with
 * "either", and their times are those of the two expressions that have one of the two each.
 */
public final class Reference {
    private static final List<String> ZONES =
            List.of("Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata");
    private static final int FIRST = 2024;
    private static final int LAST = 2035;
    private static final long AROUND = 6 * 3600;
    private static final int FEW = 12;

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        List<String> lines = Files.readAllLines(folder.resolve("expressions.txt")).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .collect(Collectors.toList());
        List<List<String>> written = lines.parallelStream().map(Reference::answers).collect(Collectors.toList());
        for (int number = 0; number < ZONES.size(); number++) {
            String name = ZONES.get(number).replace("/", "-") + ".json";
            int zone = number;
            String all = written.stream().map(each -> each.get(zone)).collect(Collectors.joining(",\n", "{\n", "\n}\n"));
            Files.writeString(folder.resolve(name), all);
        }
    }

    /** Of each zone. */
    private static List<String> answers(String line) {
        List<CronExpression> read = read(line);
        Collection<LocalDateTime> local = read.size() == 1 ? new ArrayList<>() : new TreeSet<>();
        for (CronExpression one : read) {
            LocalDateTime at = LocalDateTime.of(FIRST - 1, 12, 30, 0, 0);
            while ((at = one.next(at)) != null && at.getYear() <= LAST + 1 && (at.getYear() <= LAST || at.getDayOfYear() < 3)) {
                local.add(at);
            }
        }
        boolean everyHour = everyHour(read.get(0));
        return ZONES.stream().map(zone -> answers(line, read, everyHour, local, ZoneId.of(zone))).collect(Collectors.toList());
    }

    private static List<CronExpression> read(String line) {
        if (!line.startsWith("either ")) {
            return List.of(CronExpression.parse("0 " + line));
        }
        String[] parts = line.substring("either ".length()).split(" ");
        String time = "0 " + parts[0] + " " + parts[1] + " ";
        return List.of(
                CronExpression.parse(time + parts[2] + " " + parts[3] + " *"), CronExpression.parse(time + "* " + parts[3] + " " + parts[4]));
    }

    /** Whether a day on which it fires has a time in each hour. */
    private static boolean everyHour(CronExpression read) {
        LocalDateTime first = read.next(LocalDateTime.of(FIRST - 1, 12, 31, 23, 59, 59));
        LocalDateTime at = first.toLocalDate().atStartOfDay().minusSeconds(1);
        boolean[] seen = new boolean[24];
        while ((at = read.next(at)) != null && at.toLocalDate().equals(first.toLocalDate())) {
            seen[at.getHour()] = true;
        }
        for (boolean one : seen) {
            if (!one) {
                return false;
            }
        }
        return true;
    }

    private static String answers(String line, List<CronExpression> read, boolean everyHour, Collection<LocalDateTime> local, ZoneId zone) {
        ZoneRules rules = zone.getRules();
        long from = LocalDateTime.of(FIRST, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
        long to = LocalDateTime.of(LAST + 1, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
        LongStream.Builder found = LongStream.builder();
        for (LocalDateTime at : local) {
            ZoneOffsetTransition change = rules.getTransition(at);
            if (change == null) {
                found.add(at.toEpochSecond(rules.getOffset(at)));
            } else if (change.isOverlap()) {
                found.add(at.toEpochSecond(change.getOffsetBefore()));
                if (everyHour) {
                    found.add(at.toEpochSecond(change.getOffsetAfter()));
                }
            } else if (!everyHour) {
                found.add(change.toEpochSecond());
            }
        }
        long[] times = found.build().filter(each -> each >= from && each < to).sorted().distinct().toArray();
        StringBuilder years = new StringBuilder();
        for (int year = FIRST; year <= LAST; year++) {
            long begin = LocalDateTime.of(year, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
            long end = LocalDateTime.of(year + 1, 1, 1, 0, 0).toEpochSecond(ZoneOffset.UTC);
            years.append(digest(between(times, begin, end)));
        }
        LongStream.Builder around = LongStream.builder();
        List<String> few = new ArrayList<>();
        int otherwise = 0;
        ZoneOffsetTransition change = rules.nextTransition(Instant.ofEpochSecond(from));
        while (change != null && change.toEpochSecond() < to) {
            long at = change.toEpochSecond();
            long[] here = between(times, at - AROUND, at + AROUND);
            Arrays.stream(here).forEach(around::add);
            if (!Arrays.equals(zoned(read, zone, at - AROUND, at + AROUND), here)) {
                otherwise++;
            }
            if (change.getDateTimeBefore().getYear() == 2026 && here.length <= FEW) {
                few.add(Arrays.stream(here).mapToObj(each -> Long.toString((each - at) / 60)).collect(Collectors.joining(", ", "[", "]")));
            }
            change = rules.nextTransition(change.getInstant());
        }
        return "  \"" + line + "\": {\"years\": \"" + years + "\", \"changes\": \"" + digest(around.build().toArray()) + "\", \"2026\": " + few + ", \"native\": "
                + otherwise + "}";
    }

    /** What Spring says when it is asked in the zone itself. */
    private static long[] zoned(List<CronExpression> read, ZoneId zone, long from, long to) {
        LongStream.Builder times = LongStream.builder();
        for (CronExpression one : read) {
            ZonedDateTime at = Instant.ofEpochSecond(from - 1).atZone(zone);
            long last = from - 1;
            // Where an hour comes twice it may go back, and then round for ever.
            while ((at = one.next(at)) != null && at.toEpochSecond() < to && at.toEpochSecond() > last) {
                last = at.toEpochSecond();
                times.add(last);
            }
        }
        return times.build().sorted().distinct().toArray();
    }

    private static long[] between(long[] times, long from, long to) {
        return Arrays.copyOfRange(times, place(times, from), place(times, to));
    }

    private static int place(long[] times, long at) {
        int found = Arrays.binarySearch(times, at);
        return found < 0 ? -found - 1 : found;
    }

    /** Six digits, of the seconds since 1970, eight bytes each, the greatest first. */
    private static String digest(long[] times) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            ByteBuffer bytes = ByteBuffer.allocate(8 * times.length);
            bytes.asLongBuffer().put(times);
            sha.update(bytes);
            return HexFormat.of().formatHex(Arrays.copyOf(sha.digest(), 3));
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);
        }
    }
}
