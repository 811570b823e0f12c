package penstock;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.springframework.expression.EvaluationContext;
import org.springframework.expression.Expression;
import org.springframework.expression.PropertyAccessor;
import org.springframework.expression.TypedValue;
import org.springframework.expression.spel.SpelEvaluationException;
import org.springframework.expression.spel.SpelParseException;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.StandardEvaluationContext;

/**
 * What Spring's own spring-expression says of each expression over each row.
 *
 * <p>Arguments: the folder with rows.yaml and expressions.yaml. Writes answers.json there, a line per expression: a list with one
 * answer per row, in the order of rows.yaml. An answer is null, ["Java class", "value as text"] or {"raises": "class: code"}.
 */
public final class Reference {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        Path folder = Path.of(arguments[0]);
        JsonNode table = YAML.readTree(folder.resolve("rows.yaml").toFile());
        JsonNode groups = YAML.readTree(folder.resolve("expressions.yaml").toFile());
        List<Map<String, Object>> rows = rows(table);
        StandardEvaluationContext context = new StandardEvaluationContext();
        context.addPropertyAccessor(new RowAccessor());
        table.get("parameters").fields().forEachRemaining(
                each -> context.setVariable(each.getKey(), parameter(each.getValue().get("type").asText(), each.getValue().get("value"))));
        List<String> lines = new ArrayList<>();
        for (JsonNode group : groups) {
            for (JsonNode expression : group) {
                lines.add("  " + JSON.writeValueAsString(expression.asText()) + ": " + answers(expression.asText(), rows, context));
            }
        }
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(folder.resolve("answers.json"), StandardCharsets.UTF_8))) {
            out.print("{\n" + String.join(",\n", lines) + "\n}\n");
        }
    }

    private static String answers(String text, List<Map<String, Object>> rows, EvaluationContext context) throws JsonProcessingException {
        List<Object> answers = new ArrayList<>();
        for (Map<String, Object> row : rows) {
            try {
                // Parsed anew for each row: a parsed expression remembers the types it last saw.
                Expression expression = new SpelExpressionParser().parseExpression(text);
                Object value = expression.getValue(context, row);
                answers.add(value == null ? null : List.of(name(value), value.toString()));
            } catch (SpelEvaluationException | SpelParseException error) {
                String code = error instanceof SpelEvaluationException raised
                        ? raised.getMessageCode().name() : ((SpelParseException) error).getMessageCode().name();
                answers.add(Map.of("raises", error.getClass().getSimpleName() + ": " + code));
            } catch (RuntimeException error) {
                answers.add(Map.of("raises", error.getClass().getSimpleName()));
            }
        }
        return JSON.writeValueAsString(answers);
    }

    private static String name(Object value) {
        return value instanceof List ? "List" : value.getClass().getSimpleName();
    }

    private static List<Map<String, Object>> rows(JsonNode table) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (JsonNode written : table.get("rows")) {
            Map<String, Object> row = new LinkedHashMap<>();
            table.get("columns").fields().forEachRemaining(
                    column -> row.put(column.getKey(), value(column.getValue().asText(), written.get(column.getKey()))));
            rows.add(row);
        }
        return rows;
    }

    private static Object value(String type, JsonNode written) {
        if (written == null || written.isNull()) {
            return null;
        }
        String text = written.asText();
        return switch (type.replaceAll("\\(.*", "")) {
            case "INTEGER" -> Integer.valueOf(text);
            case "BIGINT" -> Long.valueOf(text);
            case "REAL" -> Float.valueOf(text);
            case "DOUBLE PRECISION" -> Double.valueOf(text);
            case "NUMERIC" -> new BigDecimal(text);
            case "BOOLEAN" -> Boolean.valueOf(text);
            case "DATE" -> LocalDate.parse(text);
            case "TIMESTAMP" -> LocalDateTime.parse(text);
            case "TIMESTAMPTZ" -> Instant.parse(text);
            case "UUID" -> UUID.fromString(text);
            case "TEXT" -> text;
            case "TEXT[]" -> texts(written);
            default -> throw new IllegalArgumentException("no Java class for " + type);
        };
    }

    private static Object parameter(String type, JsonNode written) {
        return switch (type) {
            case "integer" -> Long.valueOf(written.asText());
            case "number" -> Double.valueOf(written.asText());
            case "boolean" -> Boolean.valueOf(written.asText());
            case "date" -> LocalDate.parse(written.asText());
            case "timestamp" -> LocalDateTime.parse(written.asText());
            case "string" -> written.asText();
            case "list" -> texts(written);
            default -> throw new IllegalArgumentException("no Java class for a parameter of type " + type);
        };
    }

    private static List<String> texts(JsonNode written) {
        List<String> texts = new ArrayList<>();
        written.forEach(one -> texts.add(one.asText()));
        return texts;
    }

    /** The columns of a row as properties of the root object. */
    private static final class RowAccessor implements PropertyAccessor {
        @Override
        public Class<?>[] getSpecificTargetClasses() {
            return new Class<?>[] {Map.class};
        }

        @Override
        public boolean canRead(EvaluationContext context, Object target, String name) {
            return target instanceof Map<?, ?> row && row.containsKey(name);
        }

        @Override
        public TypedValue read(EvaluationContext context, Object target, String name) {
            return new TypedValue(((Map<?, ?>) target).get(name));
        }

        @Override
        public boolean canWrite(EvaluationContext context, Object target, String name) {
            return false;
        }

        @Override
        public void write(EvaluationContext context, Object target, String name, Object value) {
            throw new UnsupportedOperationException("rows are only read");
        }
    }
}
